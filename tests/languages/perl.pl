# SPDX-License-Identifier: MIT
use strict;
use warnings;

sub workers {
    my $sum = 0;
    for my $n (0 .. 3) {
        pipe(my $in, my $out) or die;
        if (!fork) {
            my $part = 0;
            $part += $_ * $_ for 250 * $n .. 250 * $n + 249;
            print $out $part;
            exit;
        }
        close $out;
        $sum += <$in>;
    }
    1 while wait > 0;
    print "$sum\n";
}

sub many {
    my $pid;
    for (1 .. 40) {
        $pid = fork;
        last if !defined $pid;
        if (!$pid) { sleep 9; exit }
    }
    print defined $pid ? "all\n" : "refused\n";
}

sub nbody {
    my ($sun, $days) = (4 * (4 * atan2(1, 1))**2, 365.24);
    my @b = map { [ @$_[ 0 .. 2 ], (map { $_ * $days } @$_[ 3 .. 5 ]),
            $_->[6] * $sun ] } (
        [ 0, 0, 0, 0, 0, 0, 1 ],
        [ 4.84143144246472090e+00, -1.16032004402742839e+00,
          -1.03622044471123109e-01, 1.66007664274403694e-03,
          7.69901118419740425e-03, -6.90460016972063023e-05,
          9.54791938424326609e-04 ],
        [ 8.34336671824457987e+00, 4.12479856412430479e+00,
          -4.03523417114321381e-01, -2.76742510726411899e-03,
          4.99852801234917238e-03, 2.30417297573763929e-05,
          2.85885980666130812e-04 ],
        [ 1.28943695621391310e+01, -1.51111514016986312e+01,
          -2.23307578892655734e-01, 2.96460137564761618e-03,
          2.37847173959480950e-03, -2.96589568540237556e-05,
          4.36624404335156298e-05 ],
        [ 1.53796971148509165e+01, -2.59193146099879641e+01,
          1.79258772950371181e-01, 2.68067772490389322e-03,
          1.62824170038242295e-03, -9.51592254519715870e-05,
          5.15138902046611451e-05 ]);
    for my $i (1 .. 4) {
        $b[0][$_] -= $b[$i][$_] * $b[$i][6] / $sun for 3 .. 5;
    }
    my @pairs = map { my $i = $_; map { [ $b[$i], $b[$_] ] } $i + 1 .. 4 } 0 .. 4;
    my $energy = sub {
        my $e = 0;
        $e += $_->[6] * ($_->[3]**2 + $_->[4]**2 + $_->[5]**2) / 2 for @b;
        for (@pairs) {
            my ($p, $q) = @$_;
            my $r = 0;
            $r += ($p->[$_] - $q->[$_])**2 for 0 .. 2;
            $e -= $p->[6] * $q->[6] / sqrt $r;
        }
        printf "%.9f\n", $e;
    };
    $energy->();
    for (1 .. 1000) {
        for (@pairs) {
            my ($p, $q) = @$_;
            my @d = map { $p->[$_] - $q->[$_] } 0 .. 2;
            my $r = $d[0]**2 + $d[1]**2 + $d[2]**2;
            my $m = 0.01 / ($r * sqrt $r);
            for (0 .. 2) {
                $p->[ 3 + $_ ] -= $d[$_] * $q->[6] * $m;
                $q->[ 3 + $_ ] += $d[$_] * $p->[6] * $m;
            }
        }
        for my $p (@b) { $p->[$_] += 0.01 * $p->[ 3 + $_ ] for 0 .. 2 }
    }
    $energy->();
}

sub fannkuch {
    my @perm = 0 .. 6;
    my @count = 1 .. 7;
    my ($most, $check, $turn) = (0, 0, 0);
    while (1) {
        my @p = @perm;
        my $flips = 0;
        while (my $k = $p[0]) { @p[ 0 .. $k ] = reverse @p[ 0 .. $k ]; $flips++ }
        $most = $flips if $flips > $most;
        $check += $turn++ % 2 ? -$flips : $flips;
        my $i = 1;
        for (; $i < 7; $i++) {
            @perm[ 0 .. $i ] = @perm[ 1 .. $i, 0 ];
            last if --$count[$i];
            $count[$i] = $i + 1;
        }
        last if $i == 7;
    }
    print "$check $most\n";
}

sub spectral {
    my $n = 60;
    my $a = sub { my ($i, $j) = @_; 1 / (($i + $j) * ($i + $j + 1) / 2 + $i + 1) };
    my $times = sub {
        my ($v, @w, @x) = @_;
        for my $i (0 .. $n - 1) { $w[$i] += $a->($i, $_) * $v->[$_] for 0 .. $n - 1 }
        for my $i (0 .. $n - 1) { $x[$i] += $a->($_, $i) * $w[$_] for 0 .. $n - 1 }
        return \@x;
    };
    my ($u, $v) = ([ (1) x $n ]);
    for (1 .. 10) { $v = $times->($u); $u = $times->($v) }
    my ($over, $under) = (0, 0);
    for (0 .. $n - 1) { $over += $u->[$_] * $v->[$_]; $under += $v->[$_]**2 }
    printf "%.9f\n", sqrt($over / $under);
}

sub talk {
    print join(" ", scalar @ARGV, @ARGV), "\n";
    print uc while <STDIN>;
}

sub memory { my @kept; push @kept, "x" x (1 << 20) while 1 }
sub output { print "x" x 1000, "\n" while 1 }

my $what = shift;
my %do = (hello => sub { print "hello\n" }, wall => sub { sleep 60 },
    talk => \&talk, memory => \&memory, output => \&output, many => \&many,
    workers => \&workers, nbody => \&nbody, fannkuch => \&fannkuch,
    spectral => \&spectral);
$do{$what}->();
