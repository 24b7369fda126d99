#include "imagefmt/qcow2.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace imagefmt;

namespace {

/// A header as qemu-img writes it, whose fields tests then spoil.
struct Header {
  std::string bytes = std::string(1024, '\0');
  Header() {
    bytes.replace(0, 4, "QFI\xfb");
    put(4, 3, 4);              // version
    put(20, 16, 4);            // clusters of 64 KiB
    put(24, 1 << 30, 8);       // 1 GiB
    put(36, 2, 4);             // entries of the first table
    put(40, 3 * 65536, 8);     // where it is
    put(96, 4, 4);             // width of reference counts
    put(100, 104, 4);          // length of the header
  }
  Header& put(size_t at, uint64_t value, size_t width) {
    for (size_t i = 0; i < width; ++i) bytes[at + i] = static_cast<char>(value >> 8 * (width - 1 - i));
    return *this;
  }
  Result<Qcow2> check(int64_t file_size = 1 << 20) const { return check_qcow2({bytes.data(), bytes.size()}, file_size); }
};

bool refused(const Header& header, const char* why) {
  auto checked = header.check();
  return !checked && checked.error().code() == Code::invalid && checked.error().message().find(why) != std::string::npos;
}

}  // namespace

TEST_CASE("qcow2: an ordinary header") {
  auto disk = Header().check();
  REQUIRE(disk);
  CHECK(disk->version == 3);
  CHECK(disk->virtual_size == 1 << 30);
  CHECK(disk->cluster_size == 65536);
  CHECK(Header().put(4, 2, 4).put(72, 0, 8).check());
  CHECK(Header().put(72, 1 | 8, 8).check());  // not closed properly, compressed with zstd
}

TEST_CASE("qcow2: no disk may name another file") {
  CHECK(refused(Header().put(8, 512, 8), "backing file"));
  CHECK(refused(Header().put(16, 11, 4), "backing file"));
  CHECK(refused(Header().put(72, 4, 8), "another file"));
  CHECK(refused(Header().put(104, 0x44415441, 4).put(108, 8, 4), "another file"));
  CHECK(refused(Header().put(104, 0x6803f857, 4).put(108, 48, 4).put(160, 0x44415441, 4), "another file"));
}

TEST_CASE("qcow2: impossible headers") {
  CHECK(refused(Header().put(0, 0, 4), "not in qcow2"));
  CHECK(refused(Header().put(4, 4, 4), "version"));
  CHECK(refused(Header().put(20, 8, 4), "clusters"));
  CHECK(refused(Header().put(20, 22, 4), "clusters"));
  CHECK(refused(Header().put(24, 0, 8), "no size"));
  CHECK(refused(Header().put(24, uint64_t{1} << 62, 8), "at most"));
  CHECK(refused(Header().put(32, 1, 4), "encrypted"));
  CHECK(refused(Header().put(36, 1, 4), "too short"));
  CHECK(refused(Header().put(36, 0x7fffffff, 4), "too long"));
  CHECK(refused(Header().put(40, 1, 8), "outside"));
  CHECK(refused(Header().put(40, uint64_t{1} << 63, 8), "outside"));
  CHECK(refused(Header().put(40, 1 << 20, 8), "cut off"));
  CHECK(refused(Header().put(60, 1 << 20, 4), "snapshots"));
  CHECK(refused(Header().put(72, 2, 8), "itself"));
  CHECK(refused(Header().put(72, 64, 8), "not known"));
  CHECK(refused(Header().put(96, 7, 4), "reference counts"));
  CHECK(refused(Header().put(100, 72, 4), "header"));
  CHECK(refused(Header().put(100, 0xfffffff8, 4), "header"));
  CHECK_FALSE(check_qcow2({"QFI\xfb", 4}, 4));
}
