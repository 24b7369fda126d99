#include "oci/manifest.h"

#include <algorithm>

#include "api/architecture.h"
#include "oci/json_member.h"
#include "oci/reference.h"

namespace oci {

namespace {

enum class Kind { index, manifest };
struct DocumentType {
  const char* media_type;
  Kind kind;
};
constexpr DocumentType kDocuments[] = {
    {"application/vnd.oci.image.index.v1+json", Kind::index},
    {"application/vnd.docker.distribution.manifest.list.v2+json", Kind::index},
    {"application/vnd.oci.image.manifest.v1+json", Kind::manifest},
    {"application/vnd.docker.distribution.manifest.v2+json", Kind::manifest},
};

constexpr const char* kConfigTypes[] = {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"};
// The compression behind these is told by the bytes themselves.
constexpr const char* kLayerTypes[] = {"application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar"};

/// Our architectures in Go's words. The variant is the one that an image without any is meant for.
struct Machine {
  const char* ours;
  const char* go;
  const char* variant;
};
constexpr Machine kMachines[] = {{"x86_64", "amd64", ""},   {"i686", "386", ""},          {"aarch64", "arm64", "v8"}, {"armv7l", "arm", "v7"},   {"armv6l", "arm", "v6"},
                                 {"ppc64le", "ppc64le", ""}, {"ppc64", "ppc64", ""},       {"s390x", "s390x", ""},     {"riscv64", "riscv64", ""}, {"loongarch64", "loong64", ""},
                                 {"mips64", "mips64", ""}};

Result<Descriptor> descriptor(const Json& json, const char* what, int64_t most) {
  Descriptor out{text(json, "mediaType"), text(json, "digest"), number(json, "size", -1)};
  if (!is_digest(out.digest)) return fail(Code::invalid, "The image's manifest has {} with an unusable digest {}", what, quote(out.digest));
  if (out.size < 0 || out.size > most) return fail(Code::invalid, "The image's manifest has {} of an impossible size", what);
  return out;
}

bool starts_with_any(const std::string& type, std::span<const char* const> types) {
  return std::ranges::any_of(types, [&](const char* known) { return type.starts_with(known); });
}

Result<Manifest> parse_index(const Json& json) {
  Manifest out;
  out.index = true;
  const Json& list = member(json, "manifests");
  if (!list.is_array()) return fail(Code::invalid, "The image's index lists no manifests");
  for (const Json& item : list) {
    if (out.entries.size() >= kMaxLayers) return fail(Code::invalid, "The image's index lists more than {} manifests", kMaxLayers);
    const Json& platform = member(item, "platform");
    out.entries.push_back({TRY(descriptor(item, "a manifest", static_cast<int64_t>(kMaxManifest))),
                           {text(platform, "os"), text(platform, "architecture"), text(platform, "variant")}});
  }
  return out;
}

Result<Manifest> parse_image(const Json& json) {
  Manifest out;
  out.config = TRY(descriptor(member(json, "config"), "a configuration", kMaxConfig));
  if (!contains({kConfigTypes[0], kConfigTypes[1]}, out.config.media_type)) return fail(Code::unsupported, "This is no container image: its configuration is {}", quote(out.config.media_type));
  const Json& layers = member(json, "layers");
  if (!layers.is_array() || layers.empty()) return fail(Code::invalid, "The image's manifest lists no layers");
  if (layers.size() > kMaxLayers) return fail(Code::invalid, "The image has more than {} layers", kMaxLayers);
  for (const Json& item : layers) {
    Descriptor layer = TRY(descriptor(item, "a layer", kMaxLayer));
    if (!starts_with_any(layer.media_type, kLayerTypes)) return fail(Code::unsupported, "Layers of type {} can't be used", quote(layer.media_type));
    out.layers.push_back(std::move(layer));
  }
  return out;
}

}  // namespace

int64_t Manifest::layer_bytes() const {
  int64_t sum = 0;
  for (const Descriptor& layer : layers) sum += layer.size;
  return sum;
}

Result<Manifest> parse_manifest(std::string_view document, const std::string& media_type) {
  if (document.size() > kMaxManifest) return fail(Code::invalid, "The image's manifest is larger than {} bytes", kMaxManifest);
  Json json = TRY_CTX(api::parse_json(document), "The image's manifest is damaged");
  if (!json.is_object()) return fail(Code::invalid, "The image's manifest is no JSON object");
  if (number(json, "schemaVersion", 0) != 2) return fail(Code::unsupported, "Only manifests of schema version 2 are supported: the image is too old");
  std::string type = text(json, "mediaType");
  if (type.empty()) type = trim(media_type.substr(0, media_type.find(';')));
  auto known = std::ranges::find(kDocuments, type, [](const DocumentType& row) { return std::string_view(row.media_type); });
  if (known == std::end(kDocuments)) return fail(Code::unsupported, "Manifests of type {} are not supported", quote(type));
  // A document that is both could mean one thing here and another where it was checked.
  if (!member(json, "manifests").is_null() && !member(json, "layers").is_null()) return fail(Code::invalid, "The image's manifest claims to be an index, too");
  return known->kind == Kind::index ? parse_index(json) : parse_image(json);
}

std::string manifest_types() {
  StringList types;
  for (const DocumentType& row : kDocuments) types.push_back(row.media_type);
  return join(types, ", ");
}

Result<Platform> platform_of(int architecture) {
  std::string_view name = api::architecture_name(architecture);
  for (const Machine& row : kMachines)
    if (name == row.ours) return Platform{"linux", row.go, row.variant};
  return fail(Code::unsupported, "OCI registries have no name for architecture {}", name);
}

Result<Descriptor> choose(const Manifest& index, const Platform& machine) {
  const IndexEntry* best = nullptr;
  for (const IndexEntry& entry : index.entries) {
    if (entry.platform.os != machine.os || entry.platform.architecture != machine.architecture) continue;
    if (entry.platform.variant == machine.variant) return entry.manifest;
    // A machine runs older variants of its kind; the newest of those that it can.
    if (entry.platform.variant > machine.variant) continue;
    if (!best || entry.platform.variant > best->platform.variant) best = &entry;
  }
  if (best) return best->manifest;
  StringList known;
  for (const IndexEntry& entry : index.entries)
    if (entry.platform.os == machine.os) known.push_back(entry.platform.architecture + entry.platform.variant);
  return fail(Code::not_found, "The image has nothing for {}/{}; it has: {}", machine.os, machine.architecture, known.empty() ? "nothing for this system" : join(known, ", "));
}

}  // namespace oci
