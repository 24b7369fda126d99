#include "imagefmt/simplestreams.h"

#include <algorithm>
#include <format>
#include <optional>
#include <set>

#include "api/architecture.h"
#include "api/json.h"

namespace imagefmt {

namespace {

/// A root file system's type, where the hash of metadata and it stands, and whether it is a disk.
struct RootType {
  std::string_view ftype;
  std::string StreamItem::*combined;
  bool disk;
};
// In order of preference.
constexpr RootType kRootTypes[] = {
    {"squashfs", &StreamItem::combined_squashfs, false}, {"root.tar.xz", &StreamItem::combined_rootxz, false}, {"disk-kvm.img", &StreamItem::combined_kvm, true},
    {"uefi1.img", &StreamItem::combined_uefi, true},     {"disk1.img", &StreamItem::combined_disk1, true},
};
constexpr int64_t kMaxFile = int64_t{1} << 42;
constexpr size_t kMaxItems = 64;  ///< of one version: its files are looked at in pairs

bool is_digest(std::string_view text) { return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos; }

/// A relative path that stays below the server's address and can't turn into another URL.
bool is_plain_path(std::string_view path) {
  if (path.empty() || path.size() > 4096 || path.starts_with('/')) return false;
  for (unsigned char c : path) {
    if (c <= ' ' || c == 0x7f || c == '?' || c == '#' || c == '\\') return false;
  }
  for (const std::string& part : split(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

std::optional<StreamFile> file_of(const StreamItem& item) {
  bool usable = is_plain_path(item.path) && is_digest(item.sha256) && item.size >= 0 && item.size <= kMaxFile;
  return usable ? std::optional(StreamFile{item.path, item.sha256, item.size}) : std::nullopt;
}

/// A date from the beginning of a version's name: "20250101", "20250101_05:24".
std::optional<Timestamp> version_date(std::string_view name) {
  if (name.size() < 8 || name.substr(0, 8).find_first_not_of("0123456789") != name.npos) return std::nullopt;
  return Timestamp::parse(std::format("{}-{}-{}T00:00:00Z", name.substr(0, 4), name.substr(4, 2), name.substr(6, 2)));
}

std::string description(const StreamProduct& product, const StreamVersion& version, const std::string& serial) {
  std::string text = std::format("{} {} {}", product.os, product.release_title, product.arch);
  if (!product.variant.empty() && product.variant != "default") text += std::format(" ({})", product.variant);
  if (!version.label.empty()) text += std::format(" ({})", version.label);
  return text + std::format(" ({})", serial);
}

/// What does not depend on the files.
api::Image describe(const StreamProduct& product, const StreamVersion& version, const std::string& serial, Timestamp date) {
  api::Image image;
  auto id = api::architecture_id(product.arch);
  image.architecture = id ? std::string(api::architecture_name(*id)) : "";
  image.public_ = true;
  image.created_at = image.uploaded_at = date;
  image.expires_at = Timestamp::from_unix(0);
  if (auto end = Timestamp::parse(product.support_eol + "T00:00:00Z")) image.expires_at = *end;
  image.properties = {{"os", product.os}, {"release", product.release}, {"version", product.version}, {"architecture", product.arch}, {"label", version.label},
                      {"serial", serial}, {"variant", product.variant}, {"description", description(product, version, serial)}};
  for (const auto& [key, value] : product.requirements) image.properties["requirements." + key] = value;
  for (const std::string& alias : split_list(product.aliases)) image.aliases.push_back({alias, ""});
  return image;
}

/// Deltas to this root from versions the product still has.
std::vector<StreamDelta> deltas_of(const StreamProduct& product, const StreamVersion& version, const std::string& ftype) {
  std::vector<StreamDelta> deltas;
  for (const auto& [key, item] : version.items) {
    auto base = product.versions.find(item.delta_base);
    auto file = file_of(item);
    if (item.ftype != ftype + ".vcdiff" || base == product.versions.end() || base->second.items.size() > kMaxItems || !file) continue;
    for (const auto& [name, other] : base->second.items) {
      if (other.ftype == "incus.tar.xz" && is_digest(other.combined_squashfs)) deltas.push_back({*file, other.combined_squashfs});
    }
  }
  return deltas;
}

void add_image(std::vector<StreamImage>& out, StreamImage image, const std::string& fingerprint, std::string_view type, bool disk) {
  if (!is_digest(fingerprint)) return;
  image.image.fingerprint = fingerprint;
  image.image.properties["type"] = type;
  std::erase_if(image.image.properties, [](const auto& pair) { return pair.second.empty(); });
  image.image.type = disk ? "virtual-machine" : "container";
  image.image.size = image.metadata.size + image.rootfs.size;
  image.image.filename = image.metadata.path.substr(image.metadata.path.rfind('/') + 1);
  out.push_back(std::move(image));
}

/// One image for each root beside a metadata file.
void add_split(std::vector<StreamImage>& out, const api::Image& base, const StreamProduct& product, const StreamVersion& version, const StreamItem& metadata) {
  auto meta_file = file_of(metadata);
  if (!meta_file) return;
  for (const auto& [key, item] : version.items) {
    auto type = std::ranges::find(kRootTypes, item.ftype, &RootType::ftype);
    auto file = file_of(item);
    if (type == std::end(kRootTypes) || !file) continue;
    std::string fingerprint = metadata.*type->combined;
    if (fingerprint.empty() && item.ftype == "root.tar.xz") fingerprint = metadata.combined;
    add_image(out, {base, *meta_file, *file, deltas_of(product, version, item.ftype)}, fingerprint, item.ftype, type->disk);
  }
}

void add_version(std::vector<StreamImage>& out, const StreamProduct& product, const std::string& name, const StreamVersion& version) {
  auto date = version_date(name);
  if (!date || version.items.size() > kMaxItems) return;
  api::Image base = describe(product, version, name, *date);
  if (base.architecture.empty()) return;
  bool ours = std::ranges::any_of(version.items, [](const auto& pair) { return pair.second.ftype == "incus.tar.xz"; });
  for (const auto& [key, item] : version.items) {
    auto file = file_of(item);
    if (file && item.ftype == "incus_combined.tar.gz") add_image(out, {base, *file, {}, {}}, item.sha256, "tar.gz", item.combined_type == "virtual-machine");
    // Some servers still call it by the name it had before.
    if (item.ftype == "incus.tar.xz" || (!ours && item.ftype == "lxd.tar.xz")) add_split(out, base, product, version, item);
  }
}

size_t type_rank(const api::Image& image) {
  auto found = std::ranges::find(kRootTypes, get_or(image.properties, "type"), &RootType::ftype);
  return found == std::end(kRootTypes) ? 0 : static_cast<size_t>(found - std::begin(kRootTypes));
}

/// By what it is, newest first; images without a property last.
bool preferred(const StreamImage& a, const StreamImage& b) {
  for (const char* key : {"os", "release", "variant", "serial", "architecture"}) {
    std::string left = get_or(a.image.properties, key), right = get_or(b.image.properties, key);
    if (left == right) continue;
    if (left.empty() || right.empty()) return right.empty();
    return std::string_view(key) == "serial" ? left > right : left < right;
  }
  return type_rank(a.image) < type_rank(b.image);
}

/// 0: this machine's own, 1: one that it can run, 2: foreign.
size_t architecture_rank(const std::string& name) {
  static const std::vector<std::string> names = api::local_architecture_names();
  auto found = std::ranges::find(names, name);
  return found == names.begin() ? 0 : found == names.end() ? 2 : 1;
}

}  // namespace

Result<StringList> parse_stream_index(std::string_view json) {
  auto index = TRY(api::parse<StreamIndex>(json));
  if (index.format != "index:1.0") return fail(Code::invalid, "Not a simplestreams index");
  StringList paths;
  for (const auto& [name, entry] : index.index) {
    if (entry.datatype == "image-downloads" && is_plain_path(entry.path) && !entry.products.empty()) paths.push_back(entry.path);
  }
  return paths;
}

Result<std::vector<StreamImage>> parse_stream_products(std::string_view json) {
  auto products = TRY(api::parse<StreamProducts>(json));
  if (!products.format.starts_with("products:")) return fail(Code::invalid, "Not a simplestreams product file");
  std::vector<StreamImage> out;
  for (const auto& [name, product] : products.products) {
    for (const auto& [version, content] : product.versions) add_version(out, product, version, content);
  }
  return out;
}

StreamCatalog make_catalog(std::vector<StreamImage> images) {
  StreamCatalog catalog;
  std::ranges::stable_sort(images, preferred);
  std::set<std::string> claimed;
  auto claim = [&](const StreamImage& image, const std::string& name) {
    if (!claimed.insert(name + '\n' + image.image.type + '\n' + image.image.architecture).second) return false;
    api::ImageAliasesEntry entry;
    entry.name = name;
    entry.target = image.image.fingerprint;
    entry.type = image.image.type;
    catalog.aliases.push_back({entry, image.image.architecture});
    return true;
  };
  for (StreamImage& image : images) {
    std::vector<api::ImageAlias> kept;
    for (const api::ImageAlias& alias : image.image.aliases) {
      std::string longer = alias.name + "/" + get_or(image.image.properties, "architecture");
      if (claim(image, alias.name) && architecture_rank(image.image.architecture) == 0) kept.push_back(alias);
      if (claim(image, longer)) kept.push_back({longer, ""});
    }
    image.image.aliases = std::move(kept);
  }
  std::ranges::stable_sort(catalog.aliases, {}, [](const StreamAlias& alias) { return architecture_rank(alias.architecture); });
  catalog.images = std::move(images);
  return catalog;
}

std::vector<api::ImageAliasesEntry> StreamCatalog::alias_list() const {
  std::vector<api::ImageAliasesEntry> list;
  std::set<std::string> known;
  for (const StreamAlias& alias : aliases) {
    if (known.insert(alias.entry.name + '\n' + alias.entry.type).second) list.push_back(alias.entry);
  }
  return list;
}

Result<const StreamImage*> StreamCatalog::find(const std::string& name, const std::string& type) const {
  std::string fingerprint = name;
  const StreamAlias* match = nullptr;
  for (const StreamAlias& alias : aliases) {
    if (alias.entry.name != name || (!type.empty() && alias.entry.type != type)) continue;
    if (match && match->entry.type != alias.entry.type) return fail(Code::invalid, "More than one match for alias '{}'", name);
    if (!match) match = &alias;
  }
  if (match) fingerprint = match->entry.target;
  const StreamImage* found = nullptr;
  for (const StreamImage& image : images) {
    if (fingerprint.empty() || !image.image.fingerprint.starts_with(fingerprint)) continue;
    if (found && found->image.fingerprint != image.image.fingerprint) return fail(Code::invalid, "More than one match for the provided partial fingerprint");
    found = &image;
  }
  if (!found) return fail(Code::not_found, "The requested image couldn't be found");
  return found;
}

}  // namespace imagefmt
