#include "imagefmt/simplestreams.h"

#include <algorithm>
#include <optional>

#include "api/architecture.h"
#include "api/json.h"

namespace imagefmt {

namespace {

std::string text(const Json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json& member(const Json& object, const char* key) {
  static const Json none = Json::object();
  auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_object() ? *found : none;
}

StreamFile file_of(const Json& item) {
  StreamFile file{text(item, "path"), text(item, "sha256"), 0};
  if (auto size = item.find("size"); size != item.end() && size->is_number_integer()) file.size = size->get<int64_t>();
  return file;
}

/// A root file system's type, what combines it with the metadata, and whether it is a disk.
struct RootType {
  const char* ftype;
  const char* combined;
  bool disk;
};
// In order of preference for each kind of instance.
constexpr RootType kRootTypes[] = {
    {"squashfs", "combined_squashfs_sha256", false},
    {"root.tar.xz", "combined_rootxz_sha256", false},
    {"disk-kvm.img", "combined_disk-kvm-img_sha256", true},
    {"disk1.img", "combined_disk1-img_sha256", true},
    {"uefi1.img", "combined_uefi1-img_sha256", true},
};

/// "20250101", "20250101_0524" or "20250101_05:24".
std::optional<Timestamp> version_date(std::string_view name) {
  std::string digits;
  for (char c : name) {
    if (c >= '0' && c <= '9') digits += c;
  }
  if (digits.size() < 8) return std::nullopt;
  digits.resize(12, '0');
  auto part = [&](size_t at, size_t count) { return digits.substr(at, count); };
  return Timestamp::parse(std::format("{}-{}-{}T{}:{}:00Z", part(0, 4), part(4, 2), part(6, 2), part(8, 2), part(10, 2)));
}

/// What all versions of a product share.
api::Image describe(const Json& product) {
  api::Image image;
  std::string arch = text(product, "arch");
  auto id = api::architecture_id(arch);
  image.architecture = id ? std::string(api::architecture_name(*id)) : "";
  std::string os = text(product, "os"), release = text(product, "release"), title = text(product, "release_title"), variant = text(product, "variant");
  image.properties = {{"architecture", arch}, {"os", os}, {"release", release}};
  if (!variant.empty()) image.properties["variant"] = variant;
  image.properties["description"] = std::format("{} {} {}", os, title.empty() ? release : title, arch);
  for (const auto& [key, value] : member(product, "requirements").items()) {
    if (value.is_string()) image.properties["requirements." + key] = value.get<std::string>();
  }
  for (const std::string& alias : split_list(text(product, "aliases"))) image.aliases.push_back({alias, ""});
  image.public_ = true;
  return image;
}

void add_version(std::vector<StreamImage>& out, const api::Image& base, const std::string& name, const Json& version) {
  const Json& items = member(version, "items");
  const Json* metadata = nullptr;
  for (const auto& [key, item] : items.items()) {
    std::string ftype = text(item, "ftype");
    if (ftype == "incus.tar.xz" || (ftype == "lxd.tar.xz" && !metadata)) metadata = &item;
    if (ftype != "incus_combined.tar.gz" && ftype != "lxd_combined.tar.gz") continue;
    StreamImage image{base, file_of(item), {}};
    image.image.fingerprint = image.metadata.sha256;
    image.image.type = "container";
    out.push_back(std::move(image));
  }
  if (!metadata) return;
  for (bool disk : {false, true}) {
    for (const RootType& type : kRootTypes) {
      std::string fingerprint = text(*metadata, type.combined);
      const Json* root = nullptr;
      for (const auto& [key, item] : items.items()) {
        if (text(item, "ftype") == type.ftype) root = &item;
      }
      if (type.disk != disk || fingerprint.empty() || !root) continue;
      StreamImage image{base, file_of(*metadata), file_of(*root)};
      image.image.fingerprint = fingerprint;
      image.image.type = disk ? "virtual-machine" : "container";
      image.image.properties["type"] = type.ftype;
      out.push_back(std::move(image));
      break;
    }
  }
  for (StreamImage& image : out) {
    if (!image.image.properties.contains("serial")) image.image.properties["serial"] = name;
  }
}

}  // namespace

Result<StringList> parse_stream_index(std::string_view json) {
  Json document = TRY(api::parse_json(json));
  if (text(document, "format") != "index:1.0") return fail(Code::invalid, "Not a simplestreams index");
  StringList paths;
  for (const auto& [name, entry] : member(document, "index").items()) {
    if (!entry.is_object() || text(entry, "datatype") != "image-downloads") continue;
    paths.push_back(text(entry, "path"));
  }
  return paths;
}

Result<std::vector<StreamImage>> parse_stream_products(std::string_view json) {
  Json document = TRY(api::parse_json(json));
  if (!text(document, "format").starts_with("products:")) return fail(Code::invalid, "Not a simplestreams product file");
  std::vector<StreamImage> out;
  for (const auto& [name, product] : member(document, "products").items()) {
    if (!product.is_object()) continue;
    api::Image base = describe(product);
    if (base.architecture.empty()) continue;
    std::vector<StreamImage> versions;
    for (const auto& [version, content] : member(product, "versions").items()) {
      std::vector<StreamImage> found;
      if (content.is_object()) add_version(found, base, version, content);
      for (StreamImage& image : found) {
        if (auto date = version_date(version)) image.image.created_at = image.image.uploaded_at = *date;
        image.image.size = image.metadata.size + image.rootfs.size;
        image.image.filename = image.metadata.path.substr(image.metadata.path.rfind('/') + 1);
        versions.push_back(std::move(image));
      }
    }
    std::ranges::stable_sort(versions, std::greater{}, [](const StreamImage& image) { return image.image.created_at; });
    std::ranges::move(versions, std::back_inserter(out));
  }
  return out;
}

}  // namespace imagefmt
