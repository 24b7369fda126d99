#include "imagefmt/iso.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <vector>

#include "base/strings.h"
#include "base/unique_fd.h"
#include "imagefmt/byte_order.h"
#include "imagefmt/disk.h"

namespace imagefmt {
namespace {

constexpr size_t kBlock = 2048;
constexpr size_t kMaxName = 150, kMaxDepth = 8, kMaxNodes = 4096;
constexpr uint32_t kDescriptor = 16, kTableLittle = 18, kTableBig = 19, kFirstFree = 20;

struct Node {
  std::string name, path, target;  ///< target: of a symbolic link
  struct stat info;
  size_t parent = 0;               ///< index; the root is its own
  size_t depth = 0;
  std::vector<size_t> children;    ///< of folders, by name
  uint32_t extent = 0, size = 0;   ///< sector and bytes in the image
  uint16_t number = 0;             ///< of folders, in the path table
  bool folder() const { return S_ISDIR(info.st_mode); }
};
using Nodes = std::vector<Node>;

/// Behind the folders stands one sector with the entry that does not fit into the root's record: libarchive only reads forwards.
uint32_t extension_place(const Nodes& nodes);

/// Numbers stand twice, in both orders.
void both(std::string& out, uint64_t value, size_t bytes) {
  put_le(out, value, bytes);
  put_be(out, value, bytes);
}
uint32_t sectors(uint64_t bytes) { return static_cast<uint32_t>((bytes + kBlock - 1) / kBlock); }

// --- reading the folder ---

Result<> check(const Node& node) {
  bool link = S_ISLNK(node.info.st_mode), file = S_ISREG(node.info.st_mode);
  if (!link && !file && !node.folder()) return fail(Code::invalid, "{} is neither file, folder nor link", quote(node.path));
  if (node.name.size() > kMaxName || node.target.size() > kMaxName) return fail(Code::invalid, "The name {} is too long for an ISO image", quote(node.name));
  if (file && static_cast<uint64_t>(node.info.st_size) > UINT32_MAX) return fail(Code::invalid, "{} is too large for an ISO image", quote(node.path));
  if (node.depth >= kMaxDepth) return fail(Code::invalid, "{} is too deep for an ISO image", quote(node.path));
  return {};
}

Result<Node> look(const std::string& path, const std::string& name) {
  Node node{.name = name, .path = path, .target = {}, .info = {}, .children = {}};
  if (lstat(path.c_str(), &node.info) < 0) return fail_errno("Failed reading " + path);
  if (S_ISLNK(node.info.st_mode)) {
    std::error_code error;
    node.target = std::filesystem::read_symlink(path, error);
  }
  if (S_ISREG(node.info.st_mode)) node.size = static_cast<uint32_t>(node.info.st_size);
  return node;
}

/// All of it, breadth first: parents stand before their children, and siblings together, as the path table wants it.
Result<Nodes> read_tree(const Context& ctx, const std::string& folder) {
  Nodes nodes;
  nodes.push_back(TRY(look(folder, "")));
  for (size_t at = 0; at < nodes.size(); at++) {
    TRY(ctx.check());
    if (!nodes[at].folder()) continue;
    std::error_code error;
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(nodes[at].path, error)) names.push_back(entry.path().filename());
    if (error) return fail(Code::internal, "Failed reading {}: {}", nodes[at].path, error.message());
    std::ranges::sort(names);
    for (const std::string& name : names) {
      Node child = TRY(look(nodes[at].path + "/" + name, name));
      child.parent = at;
      child.depth = nodes[at].depth + 1;
      TRY(check(child));
      if (nodes.size() >= kMaxNodes) return fail(Code::invalid, "{} has too many files for an ISO image", quote(folder));
      nodes[at].children.push_back(nodes.size());
      nodes.push_back(std::move(child));
    }
  }
  return nodes;
}

// --- Rock Ridge ---

void add_entry(std::string& out, std::string_view signature, std::string_view data) {
  out += signature;
  out += static_cast<char>(data.size() + 4);
  out += '\1';
  out += data;
}

void add_attributes(std::string& out, const Node& node) {
  std::string data;
  both(data, node.info.st_mode, 4);
  both(data, node.folder() ? 2 : 1, 4);
  both(data, 0, 4);
  both(data, 0, 4);
  add_entry(out, "PX", data);
}

void add_target(std::string& out, const std::string& target) {
  std::string data(1, '\0');
  if (target.starts_with('/')) data += std::string("\x08\0", 2);
  for (size_t at = 0; at <= target.size();) {
    size_t end = std::min(target.find('/', at), target.size());
    std::string part = target.substr(at, end - at);
    at = end + 1;
    if (part == "." || part == "..") data += {part == "." ? '\2' : '\4', '\0'};
    else if (!part.empty()) data += std::string{'\0', static_cast<char>(part.size())} + part;
  }
  add_entry(out, "SL", data);
}

/// The entry that says which extension this is; too long for a directory record.
std::string extension_sector() {
  std::string id = "RRIP_1991A", text = "ROCK RIDGE", source = "IEEE P1282";
  std::string data{static_cast<char>(id.size()), static_cast<char>(text.size()), static_cast<char>(source.size()), '\1'};
  std::string out;
  add_entry(out, "ER", data + id + text + source);
  return out;
}

// --- directories ---

void add_date(std::string& out, time_t when) {
  tm parts{};
  gmtime_r(&when, &parts);
  for (int value : {parts.tm_year, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, 0}) out += static_cast<char>(value);
}

std::string record(const Node& node, const std::string& identifier, const std::string& system_use) {
  std::string out(2, '\0');
  both(out, node.extent, 4);
  both(out, node.size, 4);
  add_date(out, node.info.st_mtime);
  out += node.folder() ? '\2' : '\0';
  out += std::string(2, '\0');
  both(out, 1, 2);
  out += static_cast<char>(identifier.size());
  out += identifier;
  if (out.size() % 2) out += '\0';
  out += system_use;
  if (out.size() % 2) out += '\0';
  out[0] = static_cast<char>(out.size());
  return out;
}

/// What readers without Rock Ridge see; in the order of the real names.
std::string identifier(const Node& node, size_t place) { return node.folder() ? std::format("D{:04}", place) : std::format("F{:04}.;1", place); }

std::string own_record(const Nodes& nodes, size_t at, bool of_parent) {
  const Node& node = nodes[of_parent ? nodes[at].parent : at];
  std::string use;
  if (at == 0 && !of_parent) add_entry(use, "SP", std::string_view("\xbe\xef\0", 3));
  add_attributes(use, node);
  if (at == 0 && !of_parent) {
    std::string data;
    both(data, extension_place(nodes), 4);
    both(data, 0, 4);
    both(data, extension_sector().size(), 4);
    add_entry(use, "CE", data);
  }
  return record(node, std::string(1, of_parent ? '\1' : '\0'), use);
}

/// A folder's content. Records don't cross sectors.
std::string directory(const Nodes& nodes, size_t at) {
  std::string out;
  auto put = [&](const std::string& text) {
    size_t left = kBlock - out.size() % kBlock;
    if (text.size() > left) out.append(left, '\0');
    out += text;
  };
  put(own_record(nodes, at, false));
  put(own_record(nodes, at, true));
  for (size_t i = 0; i < nodes[at].children.size(); i++) {
    const Node& child = nodes[nodes[at].children[i]];
    std::string use;
    add_attributes(use, child);
    add_entry(use, "NM", std::string(1, '\0') + child.name);
    if (!child.target.empty()) add_target(use, child.target);
    put(record(child, identifier(child, i), use));
  }
  out.resize(sectors(out.size()) * kBlock);
  return out;
}

// --- the image ---

uint32_t extension_place(const Nodes& nodes) {
  uint32_t end = kFirstFree;
  for (const Node& node : nodes) {
    if (node.folder()) end = std::max(end, node.extent + sectors(node.size));
  }
  return end;
}

/// Gives everything its place. Returns the number of sectors.
uint32_t lay_out(Nodes& nodes) {
  uint32_t next = kFirstFree;
  uint16_t number = 0;
  for (size_t i = 0; i < nodes.size(); i++) {
    if (!nodes[i].folder()) continue;
    nodes[i].number = ++number;
    nodes[i].size = static_cast<uint32_t>(directory(nodes, i).size());
    nodes[i].extent = next;
    next += sectors(nodes[i].size);
  }
  ++next;  // the extension's
  for (Node& node : nodes) {
    if (node.folder() || node.size == 0) continue;
    next += next % 2;  // whole pages, whose blocks can be shared
    node.extent = next;
    next += sectors(node.size);
  }
  return next + next % 2;
}

std::string path_table(const Nodes& nodes, void (*number)(std::string&, uint64_t, size_t)) {
  std::string out;
  for (size_t i = 0; i < nodes.size(); i++) {
    if (!nodes[i].folder()) continue;
    const auto& siblings = nodes[nodes[i].parent].children;
    size_t place = static_cast<size_t>(std::ranges::find(siblings, i) - siblings.begin());
    std::string name = i == 0 ? std::string(1, '\0') : identifier(nodes[i], place);
    out += static_cast<char>(name.size());
    out += '\0';
    number(out, nodes[i].extent, 4);
    number(out, nodes[nodes[i].parent].number, 2);
    out += name;
    if (out.size() % 2) out += '\0';
  }
  return out;
}

std::string padded(std::string text, size_t size) {
  text.resize(size, ' ');
  return text;
}

std::string volume_descriptor(const Nodes& nodes, const std::string& label, uint32_t count, size_t table_size) {
  std::string out = std::string("\1CD001\1\0", 8) + padded("LINUX", 32) + padded(label, 32) + std::string(8, '\0');
  both(out, count, 4);
  out += std::string(32, '\0');
  both(out, 1, 2);
  both(out, 1, 2);
  both(out, kBlock, 2);
  both(out, table_size, 4);
  put_le(out, kTableLittle, 4);
  put_le(out, 0, 4);
  put_be(out, kTableBig, 4);
  put_be(out, 0, 4);
  out += record(nodes[0], std::string(1, '\0'), "");
  out += std::string(128 * 4 + 37 * 3, ' ');  // who made it, and files about it: nobody, none
  for (int i = 0; i < 4; i++) out += std::string(16, '0') + '\0';
  out += std::string("\1\0", 2);
  out.resize(kBlock);
  return out;
}

Result<std::string> head_of(const Nodes& nodes, const std::string& label, uint32_t count) {
  std::string table_little = path_table(nodes, put_le), table_big = path_table(nodes, put_be);
  if (table_little.size() > kBlock) return fail(Code::invalid, "Too many folders for an ISO image");
  std::string out(kDescriptor * kBlock, '\0');
  auto add = [&out](std::string text) {
    text.resize(sectors(text.size()) * kBlock);
    out += text;
  };
  add(volume_descriptor(nodes, label, count, table_little.size()));
  add(std::string("\xff" "CD001\1", 7));
  add(std::move(table_little));
  add(std::move(table_big));
  for (size_t i = 0; i < nodes.size(); i++) {
    if (nodes[i].folder()) out += directory(nodes, i);
  }
  add(extension_sector());
  return out;
}

Result<> put(int fd, std::string_view text) {
  for (off_t at = 0; !text.empty();) {
    ssize_t done = pwrite(fd, text.data(), text.size(), at);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail_errno("Failed writing the ISO image");
    text.remove_prefix(static_cast<size_t>(done));
    at += done;
  }
  return {};
}

Result<> put_content(const Context& ctx, int fd, const Node& node) {
  UniqueFd source(open(node.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!source) return fail_errno("Failed reading " + node.path);
  off_t from = 0, to = static_cast<off_t>(node.extent * kBlock);
  std::vector<char> buffer;
  while (from < node.size) {
    TRY(ctx.check());
    size_t left = node.size - static_cast<size_t>(from);
    ssize_t done = buffer.empty() ? copy_file_range(source.get(), &from, fd, &to, left, 0) : pread(source.get(), buffer.data(), std::min(left, buffer.size()), from);
    if (done < 0 && buffer.empty() && errno != EIO && errno != ENOSPC) {
      buffer.resize(256 << 10);  // from another file system, on older kernels
      continue;
    }
    if (done < 0) return fail_errno("Failed copying " + node.path);
    if (done == 0) return fail(Code::internal, "{} became shorter", node.path);
    if (buffer.empty()) continue;
    TRY(write_at(fd, static_cast<uint64_t>(to), {buffer.data(), static_cast<size_t>(done)}));
    from += done, to += done;
  }
  return {};
}

}  // namespace

Result<> write_iso(const Context& ctx, const std::string& folder, const std::string& label, const std::string& path) {
  Nodes nodes = TRY(read_tree(ctx, folder));
  uint32_t count = lay_out(nodes);
  std::string head = TRY(head_of(nodes, label, count));
  std::string fresh = path + ".new";
  unlink(fresh.c_str());
  UniqueFd out(open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0400));
  if (!out || ftruncate(out.get(), static_cast<off_t>(count * kBlock)) < 0) return fail_errno("Failed creating " + fresh);
  auto written = put(out.get(), head);
  for (const Node& node : nodes) {
    if (written && node.extent > 0 && !node.folder()) written = put_content(ctx, out.get(), node);
  }
  if (written && rename(fresh.c_str(), path.c_str()) < 0) written = fail_errno("Failed renaming " + fresh);
  if (!written) unlink(fresh.c_str());
  return written;
}

}  // namespace imagefmt
