#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "archive/copy_tree.h"
#include "archive/extract.h"
#include "archive/pace.h"
#include "archive/remove_tree.h"
#include "archive/tar_writer.h"
#include "archive/test_folder.h"
#include "archive/xz_reader.h"
#include "base/strings.h"
#include "sys/beneath.h"

using namespace archive;
namespace fs = std::filesystem;

namespace {

Entry make(Entry::Type type, const std::string& path, const std::string& link = "") {
  Entry entry;
  entry.type = type;
  entry.path = path;
  entry.link = link;
  entry.mode = type == Entry::Type::directory ? 0755 : 0644;
  return entry;
}

std::string tar_of(const std::vector<std::pair<Entry, std::string>>& members, const char* compression = "none") {
  std::string out;
  auto writer = TarWriter::create([&](std::string_view data) -> Result<> { return out += data, Result<>(); }, *parse_compression(compression)).value();
  for (const auto& [entry, content] : members) REQUIRE(writer->add(entry, content));
  REQUIRE(writer->finish());
  return out;
}

Source source_of(std::string text) {
  return prepend(std::move(text), [](std::span<char>) -> Result<size_t> { return 0; });
}

Result<> unpack(const std::string& tar, const std::string& folder) {
  auto reader = TRY(TarReader::open(source_of(tar)));
  UniqueFd root = TRY(sys::open_directory(folder));
  return extract(Context(), *reader, root.get());
}

std::string content(const std::string& path) { return read_file(path).value_or("?"); }

}  // namespace

TEST_CASE("tar round trip in every compression") {
  for (const char* name : {"none", "gzip", "bzip2", "xz", "lzma", "zstd", "lz4", "xz -1", "gzip -9 --rsyncable"}) {
    INFO(name);
    TestFolder out;
    std::string big(3 << 20, 'x');
    std::string tar = tar_of({{make(Entry::Type::directory, "rootfs"), ""}, {make(Entry::Type::file, "rootfs/a"), "hello"}, {make(Entry::Type::file, "big"), big},
                              {make(Entry::Type::symlink, "rootfs/l", "/etc/passwd"), ""}, {make(Entry::Type::hardlink, "rootfs/h", "rootfs/a"), ""}},
                             name);
    REQUIRE(unpack(tar, out.path));
    CHECK(content(out / "rootfs/a") == "hello");
    CHECK(content(out / "big") == big);
    CHECK(fs::read_symlink(out / "rootfs/l") == "/etc/passwd");
    CHECK(fs::hard_link_count(out / "rootfs/a") == 2);
  }
}

TEST_CASE("zeros become holes, and stay zeros") {
  TestFolder out;
  std::string zeros(8 << 20, '\0'), mixed = zeros + "end";
  REQUIRE(unpack(tar_of({{make(Entry::Type::file, "zeros"), zeros}, {make(Entry::Type::file, "mixed"), mixed}}), out.path));
  CHECK(content(out / "zeros") == zeros);
  CHECK(content(out / "mixed") == mixed);
  struct stat info {};
  REQUIRE(stat((out / "zeros").c_str(), &info) == 0);
  CHECK(info.st_blocks < 100);
}

TEST_CASE("hostile archives are refused and touch nothing outside") {
  using T = Entry::Type;
  struct Hostile {
    const char* what;
    std::vector<std::pair<Entry, std::string>> members;
  };
  std::vector<Hostile> corpus = {
      {"parent path", {{make(T::file, "../evil"), "x"}}},
      {"parent path inside", {{make(T::file, "a/../../evil"), "x"}}},
      {"through a symlink", {{make(T::symlink, "rootfs", ".."), ""}, {make(T::file, "rootfs/evil"), "x"}}},
      {"through an absolute symlink", {{make(T::symlink, "rootfs", "/tmp"), ""}, {make(T::file, "rootfs/evil"), "x"}}},
      {"second rootfs as a link", {{make(T::directory, "rootfs"), ""}, {make(T::symlink, "rootfs", ".."), ""}}},
      {"folder over a link", {{make(T::symlink, "rootfs", ".."), ""}, {make(T::directory, "rootfs"), ""}}},
      {"hard link outside", {{make(T::hardlink, "evil", "../victim"), ""}}},
      {"hard link through a link", {{make(T::symlink, "l", ".."), ""}, {make(T::hardlink, "evil", "l/victim"), ""}}},
      {"root replaced", {{make(T::symlink, ".", "/tmp"), ""}}},
      {"file as a folder", {{make(T::file, "a"), "x"}, {make(T::file, "a/b"), "x"}}},
      {"second rootfs as a file", {{make(T::directory, "rootfs"), ""}, {make(T::file, "rootfs/x"), ""}, {make(T::file, "rootfs"), "x"}}},
  };
  for (const Hostile& item : corpus) {
    INFO(item.what);
    TestFolder outer;
    fs::create_directory(outer / "in");
    std::ofstream(outer / "victim") << "v";
    Result<> result = unpack(tar_of(item.members), outer / "in");
    CHECK_FALSE(result);
    if (!result) CHECK(result.error().code() == Code::invalid);
    CHECK_FALSE(fs::exists(outer / "evil"));
    CHECK(content(outer / "victim") == "v");
    CHECK(fs::hard_link_count(outer / "victim") == 1);
  }
}

TEST_CASE("an absolute member lands inside") {
  TestFolder out;
  REQUIRE(unpack(tar_of({{make(Entry::Type::file, "/etc/x"), "x"}}), out.path));
  CHECK(content(out / "etc/x") == "x");
}

TEST_CASE("garbage and cut archives are errors") {
  TestFolder out;
  CHECK_FALSE(unpack("", out.path));
  CHECK_FALSE(unpack(std::string(4096, 'q'), out.path));
  std::string tar = tar_of({{make(Entry::Type::file, "a"), std::string(100000, 'a')}}, "gzip");
  CHECK_FALSE(unpack(tar.substr(0, tar.size() / 2), out.path));
  std::string plain = tar_of({{make(Entry::Type::file, "b"), std::string(100000, 'a')}});
  CHECK_FALSE(unpack(plain.substr(0, 5000), out.path));
}

TEST_CASE("xz: files of several streams, cut and damaged ones") {
  std::string text(3 << 20, 'x'), tar = tar_of({{make(Entry::Type::file, "a"), text}}, "xz");
  auto read = [](const std::string& packed) {
    std::string plain;
    auto outcome = decompress_xz(source_of(packed), [&](std::string_view data) -> Result<> { return plain += data, Result<>(); });
    return outcome ? plain : outcome.error().message();
  };
  std::string plain = read(tar);
  CHECK(plain.size() > text.size());
  CHECK(read(tar + tar) == plain + plain);
  CHECK(read(tar.substr(0, tar.size() - 20)).contains("unexpected end"));
  std::string damaged = tar;
  damaged[damaged.size() / 2] ^= 0x55;
  CHECK(read(damaged).contains("damaged"));
  CHECK(read("").contains("unexpected end"));
}

TEST_CASE("limits stop a bomb") {
  TestFolder out;
  auto refused = [&](const std::vector<std::pair<Entry, std::string>>& members, const ExtractLimits& limits) {
    auto reader = TarReader::open(source_of(tar_of(members, "gzip"))).value();
    UniqueFd root = sys::open_directory(out.path).value();
    ExtractOptions options;
    options.limits = limits;
    auto outcome = extract(Context(), *reader, root.get(), options);
    return outcome ? "" : outcome.error().message();
  };
  ExtractLimits limits{.members = 2, .bytes = 1000, .path = 20, .name = 10};
  auto file = [](const std::string& path, size_t size = 0) { return std::pair{make(Entry::Type::file, path), std::string(size, '\0')}; };
  CHECK(refused({file("a"), file("b/c")}, limits).empty());
  CHECK(refused({file("a", 1 << 20)}, limits).contains("more than 1000 bytes"));
  CHECK(refused({file("a"), file("d"), file("c")}, limits) == "The archive has more than 2 members");
  CHECK(refused({file("aaaaaaaa/aaaaaaaa/aaaaaaaa")}, limits).contains("path is longer than 20 bytes"));
  CHECK(refused({file("aaa/bbbbbbbbbbb")}, limits).contains("name is longer than 10 bytes"));
}

TEST_CASE("copying keeps links, holes, attributes, times") {
  TestFolder temp;
  fs::create_directories(temp / "from/sub");
  std::ofstream(temp / "from/sub/a") << "data";
  fs::create_hard_link(temp / "from/sub/a", temp / "from/b");
  fs::create_symlink("/nowhere", temp / "from/l");
  int fd = open((temp / "from/sparse").c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE(pwrite(fd, "end", 3, 10 << 20) == 3);
  REQUIRE(fsetxattr(fd, "user.test", "v", 1, 0) == 0);
  close(fd);
  bool root = getuid() == 0;
  if (root) REQUIRE(chown((temp / "from/sub/a").c_str(), 1000, 1001) == 0);
  REQUIRE(chmod((temp / "from/sub/a").c_str(), 04755) == 0);
  timespec times[2] = {{1000, 5}, {2000, 7}};
  REQUIRE(utimensat(AT_FDCWD, (temp / "from/sub").c_str(), times, 0) == 0);

  REQUIRE(copy_tree(Context(), temp / "from", temp / "to"));
  struct stat info;
  REQUIRE(stat((temp / "to/sub/a").c_str(), &info) == 0);
  CHECK(info.st_nlink == 2);
  CHECK((info.st_mode & 07777) == 04755);
  if (root) CHECK(info.st_gid == 1001);
  CHECK(content(temp / "to/b") == "data");
  CHECK(fs::read_symlink(temp / "to/l") == "/nowhere");
  REQUIRE(stat((temp / "to/sparse").c_str(), &info) == 0);
  CHECK(info.st_size == (10 << 20) + 3);
  CHECK(info.st_blocks * 512 < 1 << 20);
  char value[8];
  CHECK(getxattr((temp / "to/sparse").c_str(), "user.test", value, sizeof value) == 1);
  REQUIRE(stat((temp / "to/sub").c_str(), &info) == 0);
  CHECK(info.st_mtim.tv_sec == 2000);
  CHECK(info.st_mtim.tv_nsec == 7);

  SECTION("and a tar keeps them too") {
    std::string tar;
    auto writer = TarWriter::create([&](std::string_view data) -> Result<> { return tar += data, Result<>(); }, {}).value();
    UniqueFd dir = sys::open_directory(temp / "from").value();
    REQUIRE(writer->add_tree(Context(), dir.get(), ""));
    REQUIRE(writer->finish());
    CHECK(tar.size() < 1 << 20);
    fs::create_directory(temp / "un");
    REQUIRE(unpack(tar, temp / "un"));
    REQUIRE(stat((temp / "un/sparse").c_str(), &info) == 0);
    CHECK(info.st_size == (10 << 20) + 3);
    CHECK(info.st_blocks * 512 < 1 << 20);
    CHECK(getxattr((temp / "un/sparse").c_str(), "user.test", value, sizeof value) == 1);
    REQUIRE(stat((temp / "un/b").c_str(), &info) == 0);
    CHECK(info.st_nlink == 2);
    CHECK((info.st_mode & 07777) == 04755);
  }
  REQUIRE(remove_tree(Context(), temp / "to"));
  CHECK_FALSE(fs::exists(temp / "to"));
}

TEST_CASE("speed of unpacking, copying and removing a tree", "[.bench]") {
  const char* tar = getenv("BENCH_TAR");
  const char* base = getenv("BENCH_DIR");
  if (!tar || !base) SKIP("BENCH_TAR and BENCH_DIR name an archive and a folder");
  auto timed = [](const char* what, auto&& work) {
    auto start = std::chrono::steady_clock::now();
    REQUIRE(work());
    std::cout << what << ": " << std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() << " s\n";
  };
  std::string root = base;
  fs::create_directories(root + "/tree");
  UniqueFd fd(open(tar, O_RDONLY));
  timed("unpack", [&]() -> Result<> {
    auto reader = TRY(TarReader::open(source_from_fd(fd.get())));
    UniqueFd dir = TRY(sys::open_directory(root + "/tree"));
    return extract(Context(), *reader, dir.get());
  });
  for (int i = 0; i < 3; ++i) {
    timed("copy", [&] { return copy_tree(Context(), root + "/tree", root + "/copy"); });
    timed("remove", [&] { return remove_tree(Context(), root + "/copy"); });
  }
  for (const char* method : {"none", "gzip", "zstd"}) {
    timed(method, [&]() -> Result<> {
      UniqueFd out(open((root + "/out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
      auto writer = TRY(TarWriter::create(sink_to_fd(out.get()), *parse_compression(method)));
      UniqueFd dir = TRY(sys::open_directory(root + "/tree"));
      TRY(writer->add_tree(Context(), dir.get(), "backup/container"));
      return writer->finish();
    });
    std::cout << "  " << fs::file_size(root + "/out") << " bytes\n";
  }
  REQUIRE(remove_tree(Context(), root));
}

TEST_CASE("pace: dear files are noticed only where they go on") {
  Pace pace(1000);
  for (int i = 0; i < 1000; ++i) pace.record(i % 4 ? 200 : 100'000);
  CHECK_FALSE(pace.slow());  // every fourth
  for (int i = 0; i < 100; ++i) pace.record(100'000);
  CHECK(pace.slow());
  CHECK_FALSE(pace.slow());  // said once
  Pace everywhere(1000);
  for (int i = 0; i < 1000; ++i) everywhere.record(50'000 + i);
  CHECK_FALSE(everywhere.slow());  // a slow machine, no slow place
}

TEST_CASE("copy_tree: folders made in a better place are where they belong afterwards") {
  TestFolder folder;
  for (int i = 0; i < 60; ++i) {
    std::string name = std::to_string(i);
    fs::create_directories(folder / "from/a/" + name + "/below");
    std::ofstream(folder / "from/a/" + name + "/file") << name;
    std::ofstream(folder / "from/a/" + name + "/below/file") << name;
  }
  int asked = 0;
  CopyOptions options;
  options.usual_cost = 0;
  options.better_place = [&]() -> Result<Place> {
    std::string path = folder / std::format("place{}", ++asked);
    fs::create_directory(path);
    return Place(new UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), [path](UniqueFd* fd) {
      delete fd;
      fs::remove(path);  // throws unless it is empty
    });
  };
  REQUIRE(copy_tree(Context(), folder / "from", folder / "to", options));
  CHECK(asked > 0);
  CHECK(system(std::format("diff -r {0}/from {0}/to", folder.path).c_str()) == 0);
  for (int i = 1; i <= asked; ++i) CHECK_FALSE(fs::exists(folder / std::format("place{}", i)));
}
