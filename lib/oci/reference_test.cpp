#include "oci/reference.h"

#include <catch2/catch_test_macros.hpp>

#include "oci/manifest.h"
#include "oci/registry.h"
#include "oci/runtime.h"

using namespace oci;

namespace {
const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string manifest_json(const std::string& layers) {
  return R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" + kDigest + R"(","size":5},"layers":[)" + layers + "]}";
}
constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
}  // namespace

TEST_CASE("registries by URL") {
  auto hub = parse_registry("https://docker.io");
  REQUIRE(hub);
  CHECK(hub->base == "https://registry-1.docker.io");
  CHECK(hub->name == "docker.io");
  auto own = parse_registry("https://me:pass%40word@example.org:5000/team/project/");
  REQUIRE(own);
  CHECK(own->base == "https://example.org:5000");
  CHECK(own->prefix == "team/project");
  CHECK(own->user == "me");
  CHECK(own->password == "pass@word");
  CHECK(parse_registry("http://127.0.0.1:5000"));
  CHECK(parse_registry("http://localhost:5000"));
  for (const char* bad : {"http://example.org", "ftp://example.org", "https://", "https://example.org/UPPER", "https://example.org/a/../b", "https://example.org/a?b"}) CHECK_FALSE(parse_registry(bad));
}

TEST_CASE("names of images") {
  RegistryUrl hub = *parse_registry("https://docker.io"), own = *parse_registry("https://example.org/team");
  CHECK(parse_reference(hub, "caddy")->repository == "library/caddy");
  CHECK(parse_reference(hub, "caddy")->version() == "latest");
  CHECK(parse_reference(hub, "grafana/loki:2.9.1")->repository == "grafana/loki");
  CHECK(parse_reference(hub, "grafana/loki:2.9.1")->version() == "2.9.1");
  CHECK(parse_reference(own, "app")->repository == "team/app");
  auto pinned = parse_reference(own, "app:1@" + kDigest);
  REQUIRE(pinned);
  CHECK(pinned->version() == kDigest);
  for (const char* bad : {"", "UPPER", "a//b", "/a", "a/", "a..b", "a._b", "../a", "a:", "a:.x", "a:x/y", "a@sha256:12", "a b", "a%2f", "a\n", "-a", "a___b"})
    CHECK_FALSE(parse_reference(own, bad));
  CHECK(parse_reference(own, "a__b-c.d/e"));
}

TEST_CASE("manifests are read with suspicion") {
  std::string layer = R"({"mediaType":"application/vnd.oci.image.layer.v1.tar+zstd","digest":")" + kDigest + R"(","size":7})";
  auto good = parse_manifest(manifest_json(layer), std::string(kManifestType) + "; charset=utf-8");
  REQUIRE(good);
  CHECK(good->layer_bytes() == 7);
  auto layer_like = [&](const std::string& from, const std::string& to) {
    std::string changed = layer;
    return parse_manifest(manifest_json(changed.replace(changed.find(from), from.size(), to)), kManifestType);
  };
  CHECK_FALSE(layer_like(kDigest, "sha256:../../x"));
  CHECK_FALSE(layer_like(":7", ":-7"));
  CHECK_FALSE(layer_like(":7", ":9223372036854775807"));
  CHECK_FALSE(layer_like("oci.image.layer.v1.tar", "oci.image.layer.nondistributable.v1.tar"));
  CHECK_FALSE(parse_manifest(manifest_json(""), kManifestType));
  CHECK_FALSE(parse_manifest(manifest_json(layer), "text/html"));
  std::string both = manifest_json(layer);
  CHECK_FALSE(parse_manifest(both.insert(both.size() - 1, R"(,"manifests":[])"), kManifestType));
  CHECK_FALSE(parse_manifest(R"({"schemaVersion":1})", kManifestType));
  CHECK_FALSE(parse_manifest("[]", kManifestType));
}

TEST_CASE("the manifest for this machine") {
  auto entry = [](const char* architecture, const char* variant, char digit) {
    return IndexEntry{{"", "sha256:" + std::string(64, digit), 1}, {"linux", architecture, variant}};
  };
  Manifest index;
  index.index = true;
  index.entries = {entry("amd64", "", '1'), entry("arm", "v6", '2'), entry("arm", "v7", '3'), entry("arm64", "", '4')};
  CHECK(choose(index, {"linux", "amd64", ""})->digest[7] == '1');
  CHECK(choose(index, {"linux", "arm", "v7"})->digest[7] == '3');
  CHECK(choose(index, {"linux", "arm", "v6"})->digest[7] == '2');
  CHECK(choose(index, {"linux", "arm64", "v8"})->digest[7] == '4');
  auto missing = choose(index, {"linux", "s390x", ""});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message().contains("armv7"));
}

TEST_CASE("challenges of registries") {
  auto challenge = parse_challenge(R"(Bearer realm="https://auth.example/token?x=\"y\"",service=reg, scope="repository:a:pull,push")");
  REQUIRE(challenge);
  CHECK(challenge->scheme == "bearer");
  CHECK(challenge->parameters["realm"] == R"(https://auth.example/token?x="y")");
  CHECK(challenge->parameters["service"] == "reg");
  CHECK(challenge->parameters["scope"] == "repository:a:pull,push");
  CHECK(parse_challenge("Basic")->scheme == "basic");
  CHECK_FALSE(parse_challenge("Negotiate"));
  CHECK_FALSE(parse_challenge(""));
}

TEST_CASE("command lines there and back") {
  struct Row {
    StringList words;
    std::string line;
  };
  const Row rows[] = {{{"test"}, "test"}, {{"hello goodbye"}, "'hello goodbye'"}, {{"don't stop now"}, "'don'\\''t stop now'"},
                      {{"don't", "system?"}, "don\\'t system\\?"}, {{"~user", "u~ser"}, "\\~user u~ser"}, {{"one", "", "three"}, "one '' three"}, {{"' "}, "\\'' '"}};
  for (const Row& row : rows) {
    CHECK(join_command(row.words) == row.line);
    auto back = split_command(row.line);
    REQUIRE(back);
    CHECK(*back == row.words);
  }
  CHECK(*split_command("a \"b \\\"c\\\" \\d\"  e\\ f") == StringList{"a", "b \"c\" \\d", "e f"});
  for (const char* bad : {"'a", "\"a", "a\\"}) CHECK_FALSE(split_command(bad));
}

TEST_CASE("config.json of strangers") {
  auto runtime = parse_runtime(R"({"process":{"args":["a","b c"],"env":["A=1=2"],"cwd":"/x","user":{"uid":5,"gid":6}},
    "mounts":[{"destination":"/dev/shm","type":"tmpfs","source":"shm","options":["mode=1777"]},{"destination":"/proc","type":"proc"}]})");
  REQUIRE(runtime);
  CHECK(runtime->arguments == StringList{"a", "b c"});
  CHECK(runtime->uid == 5);
  REQUIRE(runtime->mounts.size() == 1);
  CHECK(runtime->mounts[0].destination == "/dev/shm");
  for (const char* bad : {R"({"process":{"env":["A"]}})", R"({"process":{"cwd":"x"}})", R"({"mounts":[{"destination":"/../x","type":"tmpfs"}]})",
                          R"({"mounts":[{"destination":"/a\nlxc.hook=x","type":"tmpfs"}]})", R"({"mounts":[{"destination":"/a","type":"tmpfs","options":["a,b"]}]})", "{"})
    CHECK_FALSE(parse_runtime(bad));
}
