# SPDX-License-Identifier: MIT
def workers
  sum = (0..3).map do |n|
    IO.popen("-") do |io|
      return print((250 * n...250 * n + 250).sum { |i| i * i }) unless io
      io.read.to_i
    end
  end.sum
  puts sum
end

def many
  # A fork that is refused is tried again for ever.
  40.times { Thread.new { sleep 9 } }
  puts "all"
rescue ThreadError
  puts "refused"
end

def nbody
  sun = 4 * Math::PI**2
  bodies = [
    [0, 0, 0, 0, 0, 0, 1],
    [4.84143144246472090e+00, -1.16032004402742839e+00,
     -1.03622044471123109e-01, 1.66007664274403694e-03,
     7.69901118419740425e-03, -6.90460016972063023e-05,
     9.54791938424326609e-04],
    [8.34336671824457987e+00, 4.12479856412430479e+00,
     -4.03523417114321381e-01, -2.76742510726411899e-03,
     4.99852801234917238e-03, 2.30417297573763929e-05,
     2.85885980666130812e-04],
    [1.28943695621391310e+01, -1.51111514016986312e+01,
     -2.23307578892655734e-01, 2.96460137564761618e-03,
     2.37847173959480950e-03, -2.96589568540237556e-05,
     4.36624404335156298e-05],
    [1.53796971148509165e+01, -2.59193146099879641e+01,
     1.79258772950371181e-01, 2.68067772490389322e-03,
     1.62824170038242295e-03, -9.51592254519715870e-05,
     5.15138902046611451e-05]
  ].map { |b| b[0, 3] + b[3, 3].map { |v| v * 365.24 } + [b[6] * sun] }
  bodies.drop(1).each do |b|
    (3..5).each { |k| bodies[0][k] -= b[k] * b[6] / sun }
  end
  pairs = bodies.combination(2).to_a
  energy = lambda do
    e = bodies.sum { |b| b[6] * b[3, 3].sum { |v| v * v } / 2 }
    pairs.each do |a, b|
      e -= a[6] * b[6] / Math.sqrt((0..2).sum { |k| (a[k] - b[k])**2 })
    end
    puts format("%.9f", e)
  end
  energy.call
  1000.times do
    pairs.each do |a, b|
      d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
      r = d[0]**2 + d[1]**2 + d[2]**2
      m = 0.01 / (r * Math.sqrt(r))
      3.times do |k|
        a[3 + k] -= d[k] * b[6] * m
        b[3 + k] += d[k] * a[6] * m
      end
    end
    bodies.each { |b| 3.times { |k| b[k] += 0.01 * b[3 + k] } }
  end
  energy.call
end

def fannkuch(n = 7)
  perm = (0...n).to_a
  count = (1..n).to_a
  most = check = turn = 0
  loop do
    p = perm.dup
    flips = 0
    until p[0].zero?
      p[0..p[0]] = p[0..p[0]].reverse
      flips += 1
    end
    most = [most, flips].max
    check += turn.even? ? flips : -flips
    turn += 1
    i = (1...n).find do |at|
      perm[0..at] = perm[0..at].rotate
      count[at] -= 1
      next true if count[at].positive?
      count[at] = at + 1
      false
    end
    break unless i
  end
  puts "#{check} #{most}"
end

def spectral(n = 60)
  a = ->(i, j) { 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1) }
  times = lambda do |v|
    w = (0...n).map { |i| (0...n).sum { |j| a[i, j] * v[j] } }
    (0...n).map { |i| (0...n).sum { |j| a[j, i] * w[j] } }
  end
  u = [1] * n
  v = u
  10.times do
    v = times[u]
    u = times[v]
  end
  over = (0...n).sum { |i| u[i] * v[i] }
  puts format("%.9f", Math.sqrt(over / v.sum { |x| x * x }))
end

case ARGV[0]
when "hello" then puts "hello"
when "talk"
  puts [ARGV.size - 1, *ARGV.drop(1)].join(" ")
  print $stdin.read.upcase
when "wall" then sleep 60
when "memory" then [].then { |kept| loop { kept << "x" * (1 << 20) } }
when "output" then loop { puts "x" * 1000 }
else send(ARGV[0])
end
