#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <map>
#include <random>

#include "archive/extract.h"
#include "archive/squashfs.h"
#include "archive/test_folder.h"
#include "base/unique_fd.h"

using namespace archive;

namespace {

UniqueFd memory() { return UniqueFd(memfd_create("squashfs", MFD_CLOEXEC)); }

Entry entry(Entry::Type type, const std::string& path, mode_t mode = 0644) {
  Entry out;
  out.type = type;
  out.path = path;
  out.mode = mode;
  out.uid = 1000;
  out.gid = 1001;
  out.mtime.tv_sec = 1700000000;
  return out;
}

std::string big_content() {
  std::string text(700 << 10, '\0');
  std::mt19937 random(1);
  for (size_t i = 0; i < (300 << 10); ++i) text[i] = static_cast<char>(random());
  text.back() = 'x';  // a hole of some blocks, then an end that is none
  return text;
}

Result<> write_sample(TarWriter& out) {
  TRY(out.add(entry(Entry::Type::directory, ".", 0750)));
  TRY(out.add(entry(Entry::Type::directory, "./dir", 01755)));
  TRY(out.add(entry(Entry::Type::file, " spaces "), ""));
  Entry file = entry(Entry::Type::file, "dir/file", 04755);
  file.xattrs = {{"user.note", "hello"}, {"system.posix_acl_access", "not kept"}};
  TRY(out.add(file, "content"));
  TRY(out.add(entry(Entry::Type::file, "dir/empty"), ""));
  TRY(out.add(entry(Entry::Type::file, "dir/big"), big_content()));
  Entry link = entry(Entry::Type::hardlink, "again");
  link.link = "dir/file";
  TRY(out.add(link));
  Entry symlink = entry(Entry::Type::symlink, "sym", 0777);
  symlink.link = "dir/file";
  TRY(out.add(symlink));
  Entry node = entry(Entry::Type::character, "null", 0666);
  node.device = makedev(1, 3);
  TRY(out.add(node));
  TRY(out.add(entry(Entry::Type::fifo, "pipe")));
  for (int i = 0; i < 1000; ++i) TRY(out.add(entry(Entry::Type::file, "many/" + std::to_string(i)), std::to_string(i)));
  return out.finish();
}

struct Seen {
  Entry entry;
  std::string content;
};

Result<std::map<std::string, Seen>> read_all(int fd) {
  std::map<std::string, Seen> seen;
  auto tar = TRY(open_archive(fd));
  while (auto item = TRY(tar->next())) {
    Seen& place = seen[item->path];
    place.entry = *item;
    while (auto block = TRY(tar->read_block())) {
      place.content.resize(static_cast<size_t>(block->offset), '\0');
      place.content += block->data;
      if (place.content.size() > (1 << 26)) return fail(Code::invalid, "enough");
    }
  }
  return seen;
}

}  // namespace

TEST_CASE("squashfs: what is written can be read") {
  for (Compression method : {Compression::xz, Compression::gzip, Compression::zstd, Compression::lz4}) {
    UniqueFd fd = memory(), again = memory();
    SquashfsOptions options{.method = method, .block_size = 128 << 10, .time = 1700000000};
    auto writer = create_squashfs(fd.get(), options);
    REQUIRE(writer);
    REQUIRE(write_sample(**writer));
    auto seen = read_all(fd.get());
    REQUIRE(seen);
    CHECK(seen->size() == 10 + 1000);
    const Seen& file = seen->at("again");
    CHECK(file.entry.mode == 04755);
    CHECK(file.entry.uid == 1000);
    CHECK(file.entry.gid == 1001);
    CHECK(file.entry.mtime.tv_sec == 1700000000);
    CHECK(file.entry.xattrs == decltype(file.entry.xattrs){{"user.note", "hello"}});
    CHECK(file.content == "content");
    CHECK(seen->at("dir/file").entry.type == Entry::Type::hardlink);
    CHECK(seen->at("dir/file").entry.link == "again");
    CHECK(seen->at("dir").entry.mode == 01755);
    CHECK(seen->at("dir/big").content == big_content());
    CHECK(seen->at("dir/empty").entry.size == 0);
    CHECK(seen->at("sym").entry.link == "dir/file");
    CHECK(seen->at("null").entry.device == makedev(1, 3));
    CHECK(seen->contains(" spaces "));
    CHECK(seen->at("pipe").entry.type == Entry::Type::fifo);
    CHECK(seen->at("many/999").content == "999");
    // Same members, same bytes.
    auto second = create_squashfs(again.get(), options);
    REQUIRE(second);
    REQUIRE(write_sample(**second));
    struct stat a, b;
    fstat(fd.get(), &a);
    fstat(again.get(), &b);
    REQUIRE(a.st_size == b.st_size);
    CHECK(a.st_size % 4096 == 0);
    std::string left(static_cast<size_t>(a.st_size), '\0'), right = left;
    REQUIRE(pread(fd.get(), left.data(), left.size(), 0) == a.st_size);
    REQUIRE(pread(again.get(), right.data(), right.size(), 0) == a.st_size);
    CHECK(left == right);
  }
}

TEST_CASE("squashfs: blocks that don't shrink are stored as they are") {
  // Other readers refuse a block that is longer than its content. The table of owners is the smallest there is: two numbers.
  for (Compression method : {Compression::xz, Compression::gzip, Compression::zstd, Compression::lz4}) {
    UniqueFd fd = memory();
    auto writer = create_squashfs(fd.get(), {.method = method});
    REQUIRE(writer);
    Entry root = entry(Entry::Type::directory, "."), file = entry(Entry::Type::file, "file");
    root.uid = root.gid = file.uid = 0;
    REQUIRE((*writer)->add(root));
    REQUIRE((*writer)->add(file, "x"));
    REQUIRE((*writer)->finish());
    constexpr off_t kOwners = 48;  // where the header says where they are (its fields: Documentation/filesystems/squashfs.rst)
    uint64_t list = 0, block = 0;
    uint16_t head = 0;
    REQUIRE(pread(fd.get(), &list, sizeof list, kOwners) == sizeof list);
    REQUIRE(pread(fd.get(), &block, sizeof block, static_cast<off_t>(list)) == sizeof block);
    REQUIRE(pread(fd.get(), &head, sizeof head, static_cast<off_t>(block)) == sizeof head);
    CHECK(head == (0x8000 | 8));
  }
}

TEST_CASE("squashfs: what can't be written") {
  UniqueFd fd = memory();
  CHECK_FALSE(create_squashfs(fd.get(), {.method = Compression::bzip2}));
  auto writer = create_squashfs(fd.get());
  REQUIRE(writer);
  CHECK((*writer)->add(entry(Entry::Type::file, "a"), "x"));
  CHECK_FALSE((*writer)->add(entry(Entry::Type::file, "a"), "x"));
  CHECK_FALSE((*writer)->add(entry(Entry::Type::file, "a/b"), "x"));
  Entry link = entry(Entry::Type::hardlink, "b");
  link.link = "nowhere";
  CHECK_FALSE((*writer)->add(link));
}

namespace {

/// What becomes of the sample's folder `out` when `from`, in the stored names of an image of two members, turns into `to`: the error, or nothing.
std::string unpack_forged(const std::string& out, const std::string& from, const std::string& to, const Entry& first, const Entry& second) {
  UniqueFd fd = memory();
  auto writer = create_squashfs(fd.get(), {.method = Compression::lz4});
  REQUIRE(writer);
  for (const Entry& item : {first, second}) REQUIRE((*writer)->add(item, item.type == Entry::Type::file ? "content" : ""));
  REQUIRE((*writer)->finish());
  struct stat info;
  fstat(fd.get(), &info);
  std::string image(static_cast<size_t>(info.st_size), '\0');
  REQUIRE(pread(fd.get(), image.data(), image.size(), 0) == info.st_size);
  // So few names don't shrink: they stand there as they are.
  size_t at = image.find(from);
  REQUIRE(at != image.npos);
  image.replace(at, from.size(), to);
  REQUIRE(pwrite(fd.get(), image.data(), image.size(), 0) == info.st_size);
  UniqueFd root(open(out.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto tar = open_squashfs(fd.get());
  if (!tar) return tar.error().message();
  auto outcome = extract(Context(), **tar, root.get());
  return outcome ? "" : outcome.error().message();
}

}  // namespace

TEST_CASE("squashfs: names and links that lead elsewhere") {
  namespace fs = std::filesystem;
  TestFolder temp;
  fs::create_directory(temp / "outside");
  const Entry file = entry(Entry::Type::file, "Jq7z"), other = entry(Entry::Type::file, "Kx");
  int round = 0;
  for (const std::string& name : {std::string("../x"), std::string("/abc"), std::string("a/bc"), std::string("ab\0c", 4)}) {
    std::string out = temp / std::to_string(round++);
    fs::create_directory(out);
    CHECK(unpack_forged(out, "Jq7z", name, file, other).contains("has a file called"));
    CHECK_FALSE(fs::exists(temp / "x"));
  }
  fs::create_directory(temp / "dots");
  CHECK(unpack_forged(temp / "dots", "Kx", "..", file, other).contains("has a file called"));
  // A link, and a folder of the same name whose content would go through it.
  Entry link = entry(Entry::Type::symlink, "Aa7q", 0777), inner = entry(Entry::Type::file, "Zz7q/file");
  link.link = temp / "outside";
  fs::create_directory(temp / "link");
  CHECK(unpack_forged(temp / "link", "Zz7q", "Aa7q", link, inner).contains("would replace a file by a folder"));
  CHECK(fs::is_empty(temp / "outside"));
}

TEST_CASE("squashfs: damaged images are refused or read, never more") {
  UniqueFd fd = memory();
  auto writer = create_squashfs(fd.get(), {.method = Compression::zstd, .block_size = 128 << 10});
  REQUIRE(writer);
  REQUIRE(write_sample(**writer));
  struct stat info;
  fstat(fd.get(), &info);
  std::string good(static_cast<size_t>(info.st_size), '\0');
  REQUIRE(pread(fd.get(), good.data(), good.size(), 0) == info.st_size);
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bad = good;
    // The header and the tables at the end are where damage is interesting.
    for (int edit = 0; edit < 4; ++edit) {
      size_t tables = bad.size() - std::min<size_t>(bad.size(), 20000);
      size_t at = edit % 2 ? random() % 96 : tables + random() % (bad.size() - tables);
      bad[at] = static_cast<char>(random());
    }
    if (round % 10 == 0) bad.resize(random() % bad.size());
    UniqueFd copy = memory();
    REQUIRE(pwrite(copy.get(), bad.data(), bad.size(), 0) == static_cast<ssize_t>(bad.size()));
    refused += !read_all(copy.get());
  }
  CHECK(refused > 100);
  UniqueFd empty = memory();
  CHECK_FALSE(open_squashfs(empty.get()));
}
