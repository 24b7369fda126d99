#include "imagefmt/bundle.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "base/unique_fd.h"

namespace {

using namespace imagefmt;

const std::string kFingerprint(64, 'a');

UniqueFd file_of(const std::string& content) {
  UniqueFd fd(memfd_create("bundle", MFD_CLOEXEC));
  REQUIRE(write(fd.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  return fd;
}

Bundle example() {
  Bundle bundle{.program = 10, .preseed = "config: {}\n", .images = {}};
  bundle.images.push_back({kFingerprint, {"one", "two/three"}, {10, 30}, BundlePart{40, 60}});
  return bundle;
}

std::string index_with(const std::string& image) { return R"({"version":1,"program":10,"images":[)" + image + "]}"; }
std::string image_with(const std::string& part) { return R"({"fingerprint":")" + kFingerprint + R"(","metadata":)" + part + "}"; }

}  // namespace

TEST_CASE("a bundle is read as it was written", "[bundle]") {
  std::string content(100, 'x');
  UniqueFd fd = file_of(content + bundle_ending(example(), 100));
  REQUIRE(is_bundle(fd.get()));
  auto bundle = read_bundle(fd.get());
  REQUIRE(bundle);
  CHECK(bundle->program == 10);
  CHECK(bundle->preseed == "config: {}\n");
  REQUIRE(bundle->images.size() == 1);
  CHECK(bundle->images[0].aliases == StringList{"one", "two/three"});
  CHECK(bundle->images[0].rootfs->offset == 40);
  CHECK(bundle->images[0].rootfs->size == 60);
}

TEST_CASE("damaged bundles are refused", "[bundle]") {
  CHECK(read_bundle(file_of("short").get()).error().code() == Code::not_found);
  CHECK_FALSE(is_bundle(file_of(std::string(1000, 'x')).get()));
  std::string whole = std::string(100, 'x') + bundle_ending(example(), 100);
  CHECK_FALSE(read_bundle(file_of(whole.substr(1)).get()));  // moved
  CHECK_FALSE(read_bundle(file_of(whole + "x").get()));
  for (size_t at = 100; at < whole.size(); at++) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_FALSE(read_bundle(file_of(changed).get()));
  }
}

TEST_CASE("indexes of bundles that lead elsewhere are refused", "[bundle]") {
  CHECK(parse_bundle_index(index_with(image_with(R"({"offset":10,"size":90})")), 100));
  const char* kParts[] = {R"({"offset":10,"size":91})",  R"({"offset":9,"size":5})",   R"({"offset":-1,"size":5})", R"({"offset":10,"size":-5})",
                          R"({"offset":10,"size":0})",   R"({"offset":200,"size":1})", R"({"offset":9223372036854775807,"size":9223372036854775807})",
                          R"({"offset":18446744073709551615,"size":2})", R"({"offset":1.5,"size":2})", R"({"offset":"10","size":2})", "7", "null"};
  for (const char* part : kParts) CHECK_FALSE(parse_bundle_index(index_with(image_with(part)), 100));
  const char* kIndexes[] = {"", "[]", "{}", R"({"version":2,"program":0,"images":[]})", R"({"version":1,"program":101,"images":[]})", R"({"version":1,"program":0,"images":{}})",
                            R"({"version":1,"program":0,"images":[],"preseed":7})"};
  for (const char* index : kIndexes) CHECK_FALSE(parse_bundle_index(index, 100));
  for (const char* alias : {"-x", "", "a b", "remote:x"}) {
    std::string image = R"({"fingerprint":")" + kFingerprint + R"(","aliases":[")" + alias + R"("],"metadata":{"offset":10,"size":5}})";
    CHECK_FALSE(parse_bundle_index(index_with(image), 100));
  }
  CHECK_FALSE(parse_bundle_index(index_with(R"({"fingerprint":"../../x","metadata":{"offset":10,"size":5}})"), 100));
}
