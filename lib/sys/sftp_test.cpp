#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "sys/fd_passing.h"
#include "sys/sftp_client.h"
#include "sys/sftp_server.h"

using namespace sys::sftp;

TEST_CASE("sftp: client and server") {
  char name[] = "/tmp/sftp-test-XXXXXX";
  std::string folder = mkdtemp(name);
  auto pair = sys::socket_pair();
  REQUIRE(pair);
  std::thread server([fd = pair->second.get()] { (void)serve(fd, fd); });
  {
    auto client = Client::connect(make_channel(std::move(pair->first)));
    REQUIRE(client);
    REQUIRE(client->make_folder(folder + "/d"));
    auto handle = client->open(folder + "/d/file", kOpenWrite | kOpenCreate | kOpenTruncate, 0640);
    REQUIRE(handle);
    std::string content;
    for (int i = 0; i < 300000; ++i) content += std::to_string(i);
    int parts = 0;
    REQUIRE(client->write_all(*handle, 0, [&]() -> Result<std::string> { return parts++ == 0 ? content : std::string(); }));
    REQUIRE(client->close(*handle));
    CHECK(client->stat(folder + "/d/file")->size == content.size());
    CHECK((client->stat(folder + "/d/file")->mode & 0777) == 0640);
    auto in = client->open(folder + "/d/file", kOpenRead);
    std::string back;
    REQUIRE(client->read_all(*in, [&](std::string_view data) -> Result<> { back += data; return {}; }));
    CHECK(back == content);
    REQUIRE(client->symlink("file", folder + "/d/link"));
    CHECK(*client->read_link(folder + "/d/link") == "file");
    CHECK(S_ISLNK(client->lstat(folder + "/d/link")->mode));
    CHECK(client->list(folder + "/d")->size() == 2);
    REQUIRE(client->rename(folder + "/d/file", folder + "/d/link"));
    REQUIRE(client->set_attributes(folder + "/d/link", {.flags = kHasMode | kHasTimes, .mode = 0600, .atime = 5, .mtime = 6}));
    CHECK(client->stat(folder + "/d/link")->mtime == 6);
    CHECK(client->stat(folder + "/none").error().code() == Code::not_found);
    CHECK(client->open("/dev/null", kOpenRead).error().message() == "Not a regular file");
    CHECK(*client->real_path("a/../b/./c") == "/b/c");
    REQUIRE(client->remove_tree(folder + "/d"));
    CHECK(client->list(folder)->empty());
  }
  server.join();
  std::filesystem::remove_all(folder);
}
