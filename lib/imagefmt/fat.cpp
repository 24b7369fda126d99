#include "imagefmt/fat.h"

#include <algorithm>
#include <map>
#include <memory>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "imagefmt/byte_order.h"

namespace imagefmt {
namespace {

constexpr uint32_t kReservedSectors = 32, kFats = 2, kRootCluster = 2, kEndOfChain = 0x0fffffff, kFolderBit = 0x10, kArchiveBit = 0x20, kLabelBit = 0x08, kLongName = 0x0f;
constexpr uint64_t kMinClusters = 65525, kMaxClusters = 0x0ffffff5;  // fewer make it FAT16 to every reader
constexpr size_t kEntry = 32, kLongLetters = 13, kMaxName = 255, kMaxFile = 1u << 30;

struct Node {
  bool folder = false;
  std::string content;
  std::map<std::string, std::unique_ptr<Node>> children;
  uint32_t cluster = 0;
};

/// How many sectors go where.
struct Layout {
  uint64_t sectors = 0, cluster_sectors = 1, fat_sectors = 0, clusters = 0;
  uint64_t cluster_bytes() const { return cluster_sectors * kSector; }
  uint64_t data_offset(uint32_t cluster) const { return (kReservedSectors + kFats * fat_sectors + (cluster - kRootCluster) * cluster_sectors) * kSector; }
};

Result<Layout> lay_out(uint64_t size) {
  Layout out{.sectors = size / kSector};
  // As mkfs.fat: 512 bytes up to 260 MiB, then 4 KiB.
  if (size > (260ull << 20)) out.cluster_sectors = 8;
  if (out.sectors < kReservedSectors || out.sectors > UINT32_MAX) return fail(Code::invalid, "A FAT32 file system cannot have {} bytes", size);
  uint64_t per_fat_sector = kSector / 4;
  out.fat_sectors = (out.sectors - kReservedSectors) / (out.cluster_sectors * per_fat_sector + kFats) + 1;
  out.clusters = (out.sectors - kReservedSectors - kFats * out.fat_sectors) / out.cluster_sectors;
  if (out.clusters < kMinClusters || out.clusters >= kMaxClusters) return fail(Code::invalid, "A FAT32 file system of {} bytes is too small: it takes at least 34 MiB", size);
  return out;
}

/// "BOOTX64.EFI" -> "BOOTX64 EFI"; nothing where the name needs a long one.
std::string short_name(const std::string& name) {
  size_t dot = name.rfind('.');
  std::string base = name.substr(0, dot), ending = dot == std::string::npos ? "" : name.substr(dot + 1);
  if (base.empty() || base.size() > 8 || ending.size() > 3) return "";
  for (char c : base + ending)
    if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_' && c != '-') return "";
  base.resize(8, ' ');
  ending.resize(3, ' ');
  return base + ending;
}

uint8_t short_checksum(const std::string& name) {
  uint8_t sum = 0;
  for (char c : name) sum = static_cast<uint8_t>(((sum & 1) << 7) + (sum >> 1) + static_cast<uint8_t>(c));
  return sum;
}

/// The entries before the short one: 13 letters each, the last ones first.
std::string long_entries(const std::string& name, const std::string& alias) {
  size_t count = (name.size() + kLongLetters - 1) / kLongLetters;
  std::string out;
  for (size_t part = count; part > 0; --part) {
    std::string letters;
    for (size_t i = (part - 1) * kLongLetters; i < part * kLongLetters; ++i) put_le<uint16_t>(letters, i < name.size() ? static_cast<unsigned char>(name[i]) : i == name.size() ? 0 : 0xffff);
    out += static_cast<char>(part | (part == count ? 0x40 : 0));
    out += letters.substr(0, 10);
    out += static_cast<char>(kLongName);
    out += '\0';
    out += static_cast<char>(short_checksum(alias));
    out += letters.substr(10, 12) + std::string(2, '\0') + letters.substr(22);
  }
  return out;
}

class Writer {
 public:
  Writer(int disk, const Placed& place, const Layout& layout, const FatOptions& options) : disk_(disk), place_(place), layout_(layout), options_(options) {
    tm when{};
    time_t time = std::max<time_t>(options.time, FatOptions().time);
    gmtime_r(&time, &when);
    date_ = static_cast<uint16_t>(((when.tm_year - 80) << 9) | ((when.tm_mon + 1) << 5) | when.tm_mday);
    time_ = static_cast<uint16_t>((when.tm_hour << 11) | (when.tm_min << 5) | (when.tm_sec / 2));
    put_le<uint32_t>(fat_, 0x0ffffff8);
    put_le<uint32_t>(fat_, kEndOfChain);
  }

  Result<> write(Node& root) {
    TRY(store(root, nullptr));
    TRY(write_at(disk_, place_.offset, boot_record()));
    TRY(write_at(disk_, place_.offset + 6 * kSector, boot_record()));
    for (uint64_t copy = 0; copy < kFats; ++copy) TRY(write_at(disk_, place_.offset + (kReservedSectors + copy * layout_.fat_sectors) * kSector, fat_));
    return {};
  }

 private:
  /// A chain of clusters for `size` bytes; 0 for none.
  Result<uint32_t> allocate(size_t size) {
    uint64_t count = (size + layout_.cluster_bytes() - 1) / layout_.cluster_bytes();
    if (count == 0) return 0;
    auto first = static_cast<uint32_t>(fat_.size() / 4);
    if (first - kRootCluster + count > layout_.clusters) return fail(Code::invalid, "The EFI partition is too small for its files");
    for (uint64_t i = 1; i < count; ++i) put_le<uint32_t>(fat_, first + static_cast<uint32_t>(i));
    put_le<uint32_t>(fat_, kEndOfChain);
    return first;
  }

  /// Folders are given their clusters before what is in them, as "..", and so their size, must be known.
  Result<> store(Node& node, const Node* parent) {
    size_t size = node.folder ? folder_size(node, parent) : node.content.size();
    node.cluster = TRY(allocate(std::max<size_t>(size, node.folder ? 1 : 0)));
    if (!node.folder) return node.cluster ? write_at(disk_, place_.offset + layout_.data_offset(node.cluster), node.content) : Result<>();
    for (auto& [name, child] : node.children) TRY(store(*child, &node));
    return write_at(disk_, place_.offset + layout_.data_offset(node.cluster), folder_bytes(node, parent));
  }

  size_t folder_size(const Node& node, const Node* parent) const { return folder_bytes(node, parent).size(); }

  std::string folder_bytes(const Node& node, const Node* parent) const {
    std::string label = options_.label;
    label.resize(11, ' ');
    std::string out = parent ? entry(".          ", kFolderBit, node.cluster, 0) : entry(label, kLabelBit, 0, 0);
    // The root folder counts as cluster 0 to the folders in it.
    if (parent) out += entry("..         ", kFolderBit, parent->cluster == kRootCluster ? 0 : parent->cluster, 0);
    int number = 0;
    for (const auto& [name, child] : node.children) {
      std::string alias = short_name(name);
      if (alias.empty()) {
        alias = std::format("LONG~{:03}   ", ++number);
        out += long_entries(name, alias);
      }
      out += entry(alias, child->folder ? kFolderBit : kArchiveBit, child->cluster, child->content.size());
    }
    return out;
  }

  std::string entry(const std::string& name, uint32_t attributes, uint32_t cluster, size_t size) const {
    std::string out = name;
    put_le<uint32_t>(out, attributes);  // and no tenths of seconds
    out.pop_back();
    for (uint16_t field : {time_, date_, date_}) put_le<uint16_t>(out, field);
    put_le<uint16_t>(out, static_cast<uint16_t>(cluster >> 16));
    put_le<uint16_t>(out, time_);
    put_le<uint16_t>(out, date_);
    put_le<uint16_t>(out, static_cast<uint16_t>(cluster));
    put_le<uint32_t>(out, static_cast<uint32_t>(size));
    return out;
  }

  /// The first two sectors: parameters, and what is free.
  std::string boot_record() const {
    std::string out = "\xeb\x58\x90" "INCUSBOX";
    put_le<uint16_t>(out, kSector);
    out += static_cast<char>(layout_.cluster_sectors);
    put_le<uint16_t>(out, kReservedSectors);
    out += static_cast<char>(kFats);
    out += std::string(4, '\0') + '\xf8' + std::string(2, '\0');
    for (uint16_t geometry : {63, 255}) put_le<uint16_t>(out, geometry);
    put_le<uint32_t>(out, static_cast<uint32_t>(place_.offset / kSector));
    put_le<uint32_t>(out, static_cast<uint32_t>(layout_.sectors));
    put_le<uint32_t>(out, static_cast<uint32_t>(layout_.fat_sectors));
    put_le<uint32_t>(out, 0);  // flags, version
    put_le<uint32_t>(out, kRootCluster);
    for (uint16_t sector : {1, 6}) put_le<uint16_t>(out, sector);
    out += std::string(12, '\0') + '\x80' + '\0' + '\x29';
    put_le<uint32_t>(out, options_.serial);
    std::string label = options_.label;
    label.resize(11, ' ');
    out += label + "FAT32   ";
    out.resize(510);
    out += "\x55\xaa" "RRaA";
    out.resize(kSector + 484);
    out += "rrAa";
    uint64_t used = fat_.size() / 4 - kRootCluster;
    put_le<uint32_t>(out, static_cast<uint32_t>(layout_.clusters - used));
    put_le<uint32_t>(out, static_cast<uint32_t>(fat_.size() / 4));
    out.resize(2 * kSector - 2);
    return out + "\x55\xaa";
  }

  int disk_;
  Placed place_;
  Layout layout_;
  FatOptions options_;
  std::string fat_;
  uint16_t date_ = 0, time_ = 0;
};

Result<> insert(Node& root, const FatFile& file) {
  Node* at = &root;
  for (const std::string& name : split(file.path, '/')) {
    bool printable = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 127 && !std::string_view("\"*/:<>?\\|").contains(c); });
    if (name.empty() || name == "." || name == ".." || name.size() > kMaxName || !printable) return fail(Code::invalid, "{} cannot be a file of an EFI partition", quote(file.path));
    at->folder = true;
    auto& child = at->children[name];
    if (!child) child = std::make_unique<Node>();
    at = child.get();
  }
  at->content = file.source.empty() ? file.text : TRY(read_file(file.source, kMaxFile));
  return {};
}

}  // namespace

Result<> write_fat32(int disk, const Placed& place, const std::vector<FatFile>& files, const FatOptions& options) {
  Layout layout = TRY(lay_out(place.size));
  if (options.label.size() > 11) return fail(Code::invalid, "The label {} is longer than 11 letters", quote(options.label));
  Node root{.folder = true, .content = {}, .children = {}, .cluster = 0};
  for (const FatFile& file : files) TRY(insert(root, file));
  return Writer(disk, place, layout, options).write(root);
}

}  // namespace imagefmt
