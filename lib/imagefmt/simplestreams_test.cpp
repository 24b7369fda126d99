#include <catch2/catch_test_macros.hpp>

#include "imagefmt/simplestreams.h"

using namespace imagefmt;

namespace {

std::string digest(char c) { return std::string(64, c); }

std::string item(const std::string& ftype, const std::string& path, char hash, const std::string& more = "") {
  return "\"" + path + "\":{\"ftype\":\"" + ftype + "\",\"path\":\"" + path + "\",\"sha256\":\"" + digest(hash) + "\",\"size\":10" + more + "}";
}

std::string products(const std::string& versions, const std::string& arch = "amd64") {
  return R"({"format":"products:1.0","products":{"p":{"aliases":"debian/13,debian/trixie","arch":")" + arch +
         R"(","os":"Debian","release":"trixie","release_title":"trixie","variant":"default","requirements":{"secureboot":"false"},"versions":{)" + versions + "}}}}";
}

std::string version(const std::string& name, const std::string& items) { return "\"" + name + "\":{\"items\":{" + items + "}}"; }
std::string combined(const std::string& key, char hash) { return ",\"combined_" + key + "_sha256\":\"" + digest(hash) + "\""; }

}  // namespace

TEST_CASE("simplestreams: versions, roots and aliases") {
  std::string text = products(version("20250101_05:24", item("incus.tar.xz", "a/m", '0', combined("squashfs", 'a')) + "," + item("squashfs", "a/r", '1')) + "," +
                              version("20250102_05:24", item("incus.tar.xz", "b/m", '0', combined("squashfs", 'b') + combined("disk-kvm-img", 'c')) + "," +
                                                            item("squashfs", "b/r", '2') + "," + item("disk-kvm.img", "b/d", '3') + "," +
                                                            item("squashfs.vcdiff", "b/x", '4', R"(,"delta_base":"20250101_05:24")")));
  auto images = parse_stream_products(text);
  REQUIRE(images);
  StreamCatalog catalog = make_catalog(std::move(*images));
  REQUIRE(catalog.images.size() == 3);
  const StreamImage& newest = catalog.images[0];
  CHECK(newest.image.fingerprint == digest('b'));
  CHECK(newest.image.type == "container");
  CHECK(newest.image.size == 20);
  CHECK(newest.image.architecture == "x86_64");
  CHECK(newest.image.properties.at("description") == "Debian trixie amd64 (20250102_05:24)");
  CHECK(newest.image.properties.at("requirements.secureboot") == "false");
  REQUIRE(newest.deltas.size() == 1);
  CHECK(newest.deltas[0].base == digest('a'));
  CHECK(catalog.images[1].image.type == "virtual-machine");
  CHECK(catalog.images[2].image.aliases.empty());
  CHECK(catalog.alias_list().size() == 8);  // two names, with and without the architecture, for containers and machines
  CHECK((*catalog.find("debian/13", "container"))->image.fingerprint == digest('b'));
  CHECK((*catalog.find("debian/13/amd64", "virtual-machine"))->image.fingerprint == digest('c'));
  CHECK((*catalog.find("aaaa", ""))->image.fingerprint == digest('a'));
  CHECK_FALSE(catalog.find("debian/13", ""));
  CHECK_FALSE(catalog.find("", ""));
}

TEST_CASE("simplestreams: unified images") {
  auto images = parse_stream_products(products(version("202501010524", item("incus_combined.tar.gz", "u", '5', R"(,"combined_type":"virtual-machine")"))));
  REQUIRE(images);
  REQUIRE(images->size() == 1);
  CHECK(images->front().image.fingerprint == digest('5'));
  CHECK(images->front().image.type == "virtual-machine");
  CHECK(images->front().rootfs.path.empty());
}

TEST_CASE("simplestreams: what a server must not offer") {
  for (const char* path : {"../m", "/etc/m", "a/../m", "a//m", "a/./m", "m?x", "m#x", "a b", "a\\\\b", ""}) {
    INFO(path);
    CHECK(parse_stream_products(products(version("20250101", item("incus_combined.tar.gz", path, '5'))))->empty());
    std::string index = R"({"format":"index:1.0","index":{"images":{"datatype":"image-downloads","products":["p"],"path":")" + std::string(path) + "\"}}}";
    CHECK(parse_stream_index(index)->empty());
  }
  CHECK(parse_stream_products(products(version("20250101", item("incus_combined.tar.gz", "u", 'X'))))->empty());
  CHECK(parse_stream_products(products(version("20250101", item("incus_combined.tar.gz", "u", '5', R"(,"size":-1)"))))->empty());
  CHECK(parse_stream_products(products(version("2025", item("incus_combined.tar.gz", "u", '5'))))->empty());
  CHECK(parse_stream_products(products(version("20250101", item("incus_combined.tar.gz", "u", '5')), "pdp11"))->empty());
  std::string many;
  for (int i = 0; i < 70; ++i) many += (i ? "," : "") + item("incus_combined.tar.gz", "u" + std::to_string(i), '5');
  CHECK(parse_stream_products(products(version("20250101", many)))->empty());
  CHECK_FALSE(parse_stream_products("{}"));
  CHECK_FALSE(parse_stream_products(R"({"format":"products:1.0","products":{"x":5}})"));
  CHECK_FALSE(parse_stream_index("[]"));
}
