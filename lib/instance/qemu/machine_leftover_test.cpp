// A process that looks like a machine's QEMU is found by its pid file, and ended; its neighbour's is not.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "instance/qemu/machine.h"
#include "sys/spawn.h"

using namespace instance::qemu;

TEST_CASE("A machine whose start was cut short is ended", "[qemu]") {
  Context ctx = Context().with_timeout(seconds(60));
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  UniqueFd in(ends[0]), hold(ends[1]);
  auto pretend = [&](const std::string& name) {
    sys::SpawnSpec spec{.argv = {"/bin/sh", "-c", "read line; true", "qemu", "-pidfile", "/nowhere/" + name + "/qemu.pid"}};
    spec.stdin_fd = in.get();
    return sys::spawn(spec);
  };
  auto ours = pretend("v1"), other = pretend("v10");
  REQUIRE(ours);
  REQUIRE(other);
  MachinePaths paths{.id = "v1", .run = "/nowhere/v1", .log = "/nowhere"};
  // Its command line is its own once it was executed.
  while (!read_file(std::format("/proc/{}/cmdline", ours->pid())).value_or("").contains("/nowhere/v1/")) REQUIRE(ctx.sleep(milliseconds(5)));
  end_leftover(ctx, paths);
  auto status = ours->wait(ctx);
  REQUIRE(status);
  CHECK_FALSE(status->ok());
  CHECK(kill(other->pid(), 0) == 0);
  hold.reset();
  auto end = other->wait(ctx);
  CHECK(end);
}
