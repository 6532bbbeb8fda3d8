-- SPDX-License-Identifier: MIT
local run = {}

function run.hello() print("hello") end

function run.talk()
  local words = {tostring(#arg - 1), table.unpack(arg, 2)}
  io.write(table.concat(words, " "), "\n", (io.read("a"):upper()))
end

function run.wall()
  os.execute("sleep 60")
end

function run.memory()
  local kept = {}
  while true do kept[#kept + 1] = string.rep(tostring(#kept), 1 << 20) end
end

function run.output()
  while true do print(string.rep("x", 1000)) end
end

function run.many()
  local kept, refused = {}, false
  for i = 1, 40 do
    kept[i] = io.popen("exec sleep 9")
    if not kept[i] then refused = true break end
  end
  print(refused and "refused" or "all")
  os.exit(0, false)
end

function run.part()
  local sum, from = 0, 250 * tonumber(arg[2])
  for i = from, from + 249 do sum = sum + i * i end
  print(sum)
end

function run.workers()
  local parts, sum = {}, 0
  for n = 0, 3 do
    parts[n] = io.popen(string.format("lua5.4 %s part %d", arg[0], n))
  end
  for n = 0, 3 do sum = sum + parts[n]:read("n") end
  print(sum)
end

function run.nbody()
  local sun, days = 4 * math.pi ^ 2, 365.24
  local bodies = {
    {0, 0, 0, 0, 0, 0, 1},
    {4.84143144246472090e+00, -1.16032004402742839e+00,
     -1.03622044471123109e-01, 1.66007664274403694e-03,
     7.69901118419740425e-03, -6.90460016972063023e-05,
     9.54791938424326609e-04},
    {8.34336671824457987e+00, 4.12479856412430479e+00,
     -4.03523417114321381e-01, -2.76742510726411899e-03,
     4.99852801234917238e-03, 2.30417297573763929e-05,
     2.85885980666130812e-04},
    {1.28943695621391310e+01, -1.51111514016986312e+01,
     -2.23307578892655734e-01, 2.96460137564761618e-03,
     2.37847173959480950e-03, -2.96589568540237556e-05,
     4.36624404335156298e-05},
    {1.53796971148509165e+01, -2.59193146099879641e+01,
     1.79258772950371181e-01, 2.68067772490389322e-03,
     1.62824170038242295e-03, -9.51592254519715870e-05,
     5.15138902046611451e-05},
  }
  for i, b in ipairs(bodies) do
    b[7] = b[7] * sun
    for k = 4, 6 do
      b[k] = b[k] * days
      if i > 1 then bodies[1][k] = bodies[1][k] - b[k] * b[7] / sun end
    end
  end
  local function energy()
    local e = 0
    for i, a in ipairs(bodies) do
      e = e + a[7] * (a[4] ^ 2 + a[5] ^ 2 + a[6] ^ 2) / 2
      for j = i + 1, 5 do
        local b, r = bodies[j], 0
        for k = 1, 3 do r = r + (a[k] - b[k]) ^ 2 end
        e = e - a[7] * b[7] / math.sqrt(r)
      end
    end
    print(string.format("%.9f", e))
  end
  energy()
  for _ = 1, 1000 do
    for i, a in ipairs(bodies) do
      for j = i + 1, 5 do
        local b, r = bodies[j], 0
        for k = 1, 3 do r = r + (a[k] - b[k]) ^ 2 end
        local m = 0.01 / (r * math.sqrt(r))
        for k = 1, 3 do
          local d = a[k] - b[k]
          a[3 + k] = a[3 + k] - d * b[7] * m
          b[3 + k] = b[3 + k] + d * a[7] * m
        end
      end
    end
    for _, a in ipairs(bodies) do
      for k = 1, 3 do a[k] = a[k] + 0.01 * a[3 + k] end
    end
  end
  energy()
end

function run.fannkuch()
  local n, perm, count = 7, {}, {}
  for i = 1, n do perm[i], count[i] = i - 1, i end
  local most, check, turn, i = 0, 0, 0, 0
  while i <= n do
    local p, flips = {table.unpack(perm)}, 0
    while p[1] > 0 do
      local a, b = 1, p[1] + 1
      while a < b do
        p[a], p[b] = p[b], p[a]
        a, b = a + 1, b - 1
      end
      flips = flips + 1
    end
    most = math.max(most, flips)
    check = check + (turn % 2 == 0 and flips or -flips)
    turn = turn + 1
    i = 2
    while i <= n do
      table.insert(perm, i, table.remove(perm, 1))
      count[i] = count[i] - 1
      if count[i] > 0 then break end
      count[i] = i
      i = i + 1
    end
  end
  print(check .. " " .. most)
end

function run.spectral()
  local n = 60
  local function a(i, j) return 1 / ((i + j) * (i + j + 1) // 2 + i + 1) end
  local function times(v)
    local w, x = {}, {}
    for i = 0, n - 1 do
      w[i] = 0
      for j = 0, n - 1 do w[i] = w[i] + a(i, j) * v[j] end
    end
    for i = 0, n - 1 do
      x[i] = 0
      for j = 0, n - 1 do x[i] = x[i] + a(j, i) * w[j] end
    end
    return x
  end
  local u, v = {}, nil
  for i = 0, n - 1 do u[i] = 1 end
  for _ = 1, 10 do
    v = times(u)
    u = times(v)
  end
  local over, under = 0, 0
  for i = 0, n - 1 do
    over = over + u[i] * v[i]
    under = under + v[i] ^ 2
  end
  print(string.format("%.9f", math.sqrt(over / under)))
end

run[arg[1]]()
