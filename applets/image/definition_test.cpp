#include "applets/image/definition.h"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace builder;

const std::string kLeast = "image: {distribution: debian, release: 13}\nsource: {downloader: debootstrap}\n";

Result<Definition> with(const std::string& more) { return parse_definition(kLeast + more, {}); }

}  // namespace

TEST_CASE("what a definition leaves out has the values that other builders give it", "[definition]") {
  auto definition = with("mappings: {architecture_map: debian}\n");
  REQUIRE(definition);
  CHECK(definition->source.at("suite") == "13");
  CHECK(definition->image.at("variant") == "default");
  auto metadata = definition->metadata();
  REQUIRE(metadata);
  CHECK(metadata->expiry_date - metadata->creation_date == 30 * 86400);
  CHECK(metadata->properties.at("os") == "debian");
}

TEST_CASE("architectures are called as the distribution calls them", "[definition]") {
  auto named = [](const std::string& map, const std::string& kernel) {
    return parse_definition(kLeast + "mappings: {" + map + "}\n", {"image.architecture=" + kernel})->architecture_mapped;
  };
  CHECK(named("architecture_map: debian", "aarch64") == "arm64");
  CHECK(named("architecture_map: alpinelinux", "armv7l") == "armv7");
  CHECK(named("architecture_map: alpinelinux", "aarch64") == "aarch64");
  CHECK(named("architectures: {aarch64: mine}", "aarch64") == "mine");
  CHECK(named("architecture_map: none", "aarch64") == "aarch64");
}

TEST_CASE("times may have several parts", "[definition]") {
  auto lasts = [](const std::string& expiry) {
    auto metadata = parse_definition(kLeast, {"image.expiry=" + expiry});
    if (!metadata) return int64_t{-1};
    auto made = metadata->metadata();
    return made ? made->expiry_date - made->creation_date : -1;
  };
  CHECK(lasts("1h 30m 10s") == 5410);
  CHECK(lasts("2w") == 14 * 86400);
  for (const char* wrong : {"1", "h", "-1d", "1x", "1d,2d", "99999999999999999999d", " "}) CHECK(lasts(wrong) == -1);
}

TEST_CASE("hostile definitions are errors", "[definition]") {
  const char* kBad[] = {"", "[]", "7", "image: 7", "image: {distribution: [x]}\nsource: {downloader: x}", "image: {distribution: x}\nsource: []", "image: &a [*a]",
                        "image: {distribution: x, architecture: vax}\nsource: {downloader: x}", "image: {distribution: '{% for'}\nsource: {downloader: x}\nimage2: 1: 2"};
  for (const char* text : kBad) CHECK_FALSE(parse_definition(text, {}));
  const char* kWrong[] = {"files: [{generator: dump}]",
                          "files: [{generator: magic, path: /x}]",
                          "files: [7]",
                          "actions: [{trigger: never, action: x}]",
                          "actions: [{trigger: post-files}]",
                          "packages: {sets: [{action: install, packages: [x]}]}",
                          "packages: {manager: apt, sets: [{action: eat, packages: [x]}]}",
                          "packages: {manager: apt, repositories: [{name: ../x, url: y}]}"};
  for (const char* text : kWrong) CHECK_FALSE(with(std::string(text) + "\n"));
  for (const char* option : {"x", "=", ".=", "image.release", "image=release.x"}) CHECK_FALSE(parse_definition(kLeast, {option}));
  CHECK_FALSE(parse_definition(kLeast + "targets: 7\n", {"targets.x=y"}));
}
