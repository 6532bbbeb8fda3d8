# SPDX-License-Identifier: MIT
# The agent of a waiting interpreter: see runtime/box/standby.c. When its BEGIN
# is over perl reads on, and what it reads from is the program's file by then.
# So the program is the main one, with no frame below.

# Where the program has data at its end, perl has counted this text, too.
INIT {
    my @in = \%main::;
    while (my $in = shift @in) {
        for (grep ref \$$in{$_} eq 'GLOB', keys %$in) {
            push @in, \%{$$in{$_}} if /::$/ and $_ ne 'main::';
            seek $$in{$_}, tell($$in{$_}) - $main::agent, 0
                if $_ eq 'DATA' and *{$$in{$_}}{IO};
        }
    }
    delete @main::{qw(INIT agent)};
}

BEGIN {
    my ($control, $script, $text);
    open $control, '+<&=4' and defined sysread $control, $text, 65536
        or print STDERR "fd 4: $!\n" and exit 125;
    for my $module (grep length, split /\0/, $text) {
        eval { require $module =~ s!::!/!gr . '.pm' }
            or print STDERR $@ =~ s/\n(?=.)/ /gr and exit 125;
    }
    $main::agent = -s $0;
    # Only for a file of this one's name: perl has taken that already.
    syswrite $control, '=';
    sysread $control, $text, 65536 or exit 125;
    close $control;
    my @told = split /\0/, $text, -1;
    pop @told;
    @ARGV = splice @told, 2, $told[1];
    for (@told[2 .. $#told]) {
        my ($name, $value) = split /=/, $_, 2;
        $ENV{$name} = $value;
    }
    # The descriptor that perl reads from keeps its number, and closes on exec.
    for my $fd (3, 5 .. 9) {
        next if (readlink "/proc/self/fd/$fd" // '') !~ m!/\Q$0\E \(deleted\)$!;
        local $^F = $fd;
        open $script, "<&=$fd" and open $script, '<', $0
            or print STDERR "$0: $!\n" and exit 125;
        fcntl $script, 2, 1;
    }
    delete $main::{BEGIN};
    $^T = time;
    $! = 0;
    $@ = '';
}
#line 1
