#!ruby -r./{file}
# SPDX-License-Identifier: MIT
# The agent of a waiting interpreter: see runtime/box/standby.c. By the line
# above ruby loads it as a library, when it has opened the program's file and
# not read it yet: what it reads is the program's, by then. So that is the main
# one, with no frame below. It must be named as one: for other names there is no
# waiting box.
lambda do
  control = IO.for_fd(4)
  begin
    control.sysread(65536).split("\0").each { |name| require name unless name.empty? }
  rescue LoadError => error
    warn error.message
    exit! 125
  end
  # Only for a file of this one's name: ruby has taken it already.
  control.syswrite('=')
  told = control.sysread(65536).force_encoding(Encoding.default_external).split("\0", -1)
  control.close
  n = 2 + told[1].to_i
  ARGV.replace(told[2...n])
  told[n..-2].each { |text| ENV.store(*text.split('=', 2)) }
  script = ObjectSpace.each_object(File).find { |file| !file.closed? && file.path == $0 }
  script.reopen($0)
  script.lineno = 0
  # Called next, when this library counts as loaded.
  script.define_singleton_method(:set_encoding) do |*words|
    singleton_class.remove_method(:set_encoding)
    $LOADED_FEATURES.delete(File.expand_path($0))
    set_encoding(*words)
  end
end.call
