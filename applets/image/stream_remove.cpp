// `incus-simplestreams remove` and `prune`: images out of the index, and files that nothing in it names.
#include <dirent.h>
#include <sys/stat.h>

#include <filesystem>
#include <print>
#include <set>

#include "applets/image/stream_tree.h"
#include "applets/image/stream_verbs.h"

namespace streams {
namespace {

using imagefmt::StreamItem;
using imagefmt::StreamVersion;

struct Combined {
  const char* ftype;
  std::string StreamItem::*hash;
};
constexpr Combined kCombined[] = {{"disk-kvm.img", &StreamItem::combined_kvm}, {"squashfs", &StreamItem::combined_squashfs}, {"root.tar.xz", &StreamItem::combined_rootxz}};

Result<> drop_file(tools::Call& call, const std::string& path) {
  if (call.flags.on("verbose")) std::println("deleting: {}", path);
  return remove_item(path);
}

Result<> drop_item(tools::Call& call, StreamVersion& version, const std::string& key) {
  auto item = version.items.find(key);
  if (item == version.items.end()) return {};
  TRY(drop_file(call, item->second.path));
  version.items.erase(item);
  return {};
}

/// Takes the image out of a version, and the metadata with the last of its roots.
Result<> drop_image(tools::Call& call, StreamVersion& version, const std::string& fingerprint) {
  if (auto unified = version.items.find("incus_combined.tar.gz"); unified != version.items.end() && unified->second.sha256 == fingerprint) {
    return drop_item(call, version, "incus_combined.tar.gz");
  }
  auto metadata = version.items.find("incus.tar.xz");
  if (metadata == version.items.end()) return {};
  for (const Combined& row : kCombined) {
    if (metadata->second.*row.hash != fingerprint) continue;
    TRY(drop_item(call, version, row.ftype));
    (metadata->second.*row.hash).clear();
    if (version.items.size() == 1) TRY(drop_item(call, version, "incus.tar.xz"));
    return {};
  }
  return {};
}

void report(std::string_view title, const StringList& lines) {
  if (lines.empty()) return;
  std::println("{}", title);
  for (const std::string& line : lines) std::println("{}", line);
}

/// What prune found.
struct Pruned {
  StringList items, versions, files;
};

/// Items whose file is gone, then versions beyond the `retention` older ones of each product. Returns the paths that stay.
std::set<std::string> prune_products(imagefmt::StreamProducts& products, size_t retention, Pruned& pruned) {
  std::set<std::string> kept;
  for (auto& [name, product] : products.products) {
    for (auto& [serial, version] : product.versions) {
      std::erase_if(version.items, [&](const auto& pair) {
        auto opened = open_item(pair.second.path);
        if (opened || opened.error().code() != Code::not_found) return false;
        pruned.items.push_back(std::format("{}:{}:{}", name, serial, pair.second.path));
        return true;
      });
    }
    std::erase_if(product.versions, [](const auto& pair) { return pair.second.items.empty(); });
    while (product.versions.size() > retention + 1) {
      pruned.versions.push_back(std::format("{}:{}", name, product.versions.begin()->first));
      product.versions.erase(product.versions.begin());
    }
    for (const auto& [serial, version] : product.versions) {
      for (const auto& [key, item] : version.items) kept.insert(item.path);
    }
  }
  std::erase_if(products.products, [](const auto& pair) { return pair.second.versions.empty(); });
  return kept;
}

/// Files below images/ that are not in `kept`. Links are files here: never followed.
StringList orphans(const std::set<std::string>& kept) {
  StringList found;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it("images", error), end; !error && it != end; it.increment(error)) {
    std::string path = it->path().string();
    if (!it->is_directory() || it->is_symlink()) {
      if (!kept.contains(path)) found.push_back(path);
    }
  }
  return found;
}

}  // namespace

Result<> remove(tools::Call& call) {
  auto products = TRY(need_products());
  auto catalog = imagefmt::make_catalog(TRY(imagefmt::parse_stream_products(api::dump(products))));
  std::string fingerprint = TRY(catalog.find(call.words[0], ""))->image.fingerprint;
  for (auto& [name, product] : products.products) {
    for (auto& [serial, version] : product.versions) TRY(drop_image(call, version, fingerprint));
    std::erase_if(product.versions, [](const auto& pair) { return pair.second.items.empty(); });
  }
  std::erase_if(products.products, [](const auto& pair) { return pair.second.versions.empty(); });
  return save_products(products);
}

Result<> prune(tools::Call& call) {
  bool dry = call.flags.on("dry-run");
  int64_t retention = call.flags.number("retention");
  if (retention < 0) return fail(Code::invalid, "The number of versions to keep can't be negative");
  auto products = TRY(need_products());
  Pruned pruned;
  auto kept = prune_products(products, static_cast<size_t>(retention), pruned);
  pruned.files = orphans(kept);
  if (!dry) {
    TRY(save_products(products));
    for (const std::string& path : pruned.files) TRY(remove_item(path));
  }
  if (!dry && !call.flags.on("verbose")) return {};
  report("Following items were removed from images.json:", pruned.items);
  report("Following versions were removed:", pruned.versions);
  report("Following files were removed:", pruned.files);
  return {};
}

}  // namespace streams
