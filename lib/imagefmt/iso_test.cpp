#include "imagefmt/iso.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <map>

#include "archive/libarchive.h"
#include "archive/test_folder.h"
#include "base/strings.h"

namespace {

struct Member {
  mode_t mode = 0;
  std::string text, target;
};

/// The image as libarchive, which follows Rock Ridge, reads it.
std::map<std::string, Member> members(const std::string& path) {
  archive::ReadHandle reader(archive_read_new());
  archive_read_support_format_iso9660(reader.get());
  REQUIRE(archive_read_open_filename(reader.get(), path.c_str(), 65536) == ARCHIVE_OK);
  std::map<std::string, Member> out;
  archive_entry* entry;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    Member member{.mode = archive_entry_mode(entry)};
    if (const char* target = archive_entry_symlink(entry)) member.target = target;
    member.text.resize(static_cast<size_t>(archive_entry_size(entry)));
    if (S_ISREG(member.mode)) CHECK(archive_read_data(reader.get(), member.text.data(), member.text.size()) == static_cast<ssize_t>(member.text.size()));
    CHECK(archive_entry_uid(entry) == 0);
    out[archive_entry_pathname(entry)] = member;
  }
  return out;
}

}  // namespace

TEST_CASE("An ISO image has what was in the folder, with names, modes and links") {
  archive::TestFolder temporary;
  std::string folder = temporary.path + "/in", image = temporary.path + "/out.iso";
  std::filesystem::create_directories(folder + "/systemd/deep");
  std::string large(300'000, 'x');
  large[150'000] = 'y';
  REQUIRE(write_file_atomic(folder + "/incus-agent", large, 0500));
  REQUIRE(write_file_atomic(folder + "/empty", "", 0400));
  for (int i = 0; i < 100; i++) REQUIRE(write_file_atomic(std::format("{}/systemd/A long name with spaces, number {}.service", folder, i), std::to_string(i), 0644));
  std::filesystem::create_symlink("../incus-agent", folder + "/systemd/link");
  std::filesystem::create_symlink("/usr/./bin", folder + "/systemd/deep/absolute");
  REQUIRE(imagefmt::write_iso(Context(), folder, "incus-agent", image));
  auto found = members(image);
  CHECK(found.size() == 107);
  CHECK(found["incus-agent"].text == large);
  CHECK(found["incus-agent"].mode == (S_IFREG | 0500));
  CHECK(found["empty"].mode == (S_IFREG | 0400));
  CHECK(found["systemd/A long name with spaces, number 42.service"].text == "42");
  CHECK(found["systemd/link"].target == "../incus-agent");
  CHECK(found["systemd/deep/absolute"].target == "/usr/./bin");
  std::string bytes = *read_file(image);
  CHECK(bytes.size() % 2048 == 0);
  CHECK(bytes.substr(16 * 2048 + 40, 12) == "incus-agent ");
}

TEST_CASE("What does not fit into an ISO image is refused, and an older image stays") {
  archive::TestFolder temporary;
  std::string folder = temporary.path + "/in", image = temporary.path + "/out.iso";
  std::filesystem::create_directories(folder);
  REQUIRE(write_file_atomic(image, "old"));
  SECTION("a long name") { REQUIRE(write_file_atomic(folder + "/" + std::string(151, 'n'), "")); }
  SECTION("a socket") { REQUIRE(mkfifo((folder + "/fifo").c_str(), 0600) == 0); }
  SECTION("too deep") { std::filesystem::create_directories(folder + "/1/2/3/4/5/6/7/8"); }
  auto done = imagefmt::write_iso(Context(), folder, "x", image);
  REQUIRE(!done);
  CHECK(done.error().code() == Code::invalid);
  CHECK(*read_file(image) == "old");
}
