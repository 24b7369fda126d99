#include "base/write_all.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <string>
#include <thread>

#include "base/unique_fd.h"

TEST_CASE("write_all waits for room in a pipe that does not block") {
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
  UniqueFd out(ends[0]), in(ends[1]);
  std::string sent(1 << 20, 'x'), got;  // more than a pipe holds
  sent.back() = 'y';
  std::jthread reader([&] {
    fcntl(out.get(), F_SETFL, 0);
    char buffer[4096];
    for (ssize_t n; (n = read(out.get(), buffer, sizeof buffer)) > 0;) got.append(buffer, static_cast<size_t>(n));
  });
  CHECK(write_all(in.get(), sent));
  in.reset();
  reader.join();
  CHECK(got == sent);
}

TEST_CASE("write_all says what failed") {
  UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  CHECK_FALSE(write_all(full.get(), "x"));
  CHECK(errno == ENOSPC);
  CHECK(write_all(full.get(), ""));
}

TEST_CASE("pwrite_all leaves the position alone") {
  UniqueFd file(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  REQUIRE(file);
  REQUIRE(write_all(file.get(), "abcdef"));
  CHECK(pwrite_all(file.get(), "XY", 2));
  char read_back[6];
  REQUIRE(pread(file.get(), read_back, 6, 0) == 6);
  CHECK(std::string(read_back, 6) == "abXYef");
  CHECK(lseek(file.get(), 0, SEEK_CUR) == 6);
}
