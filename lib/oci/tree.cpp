#include "oci/tree.h"

#include <deque>

#include "archive/attributes.h"
#include "base/strings.h"

namespace oci {

namespace {

constexpr size_t kMaxComponent = 255;  // NAME_MAX
constexpr size_t kMaxPath = 4096;      // PATH_MAX
constexpr uint32_t kMaxDepth = 1024;
constexpr int kMaxLinks = 40;          // as the kernel's
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kReserved = ".wh..wh.";

using Type = archive::Entry::Type;

bool is_folder(const Tree::Node& node) { return node.children != nullptr; }

std::string parent_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash);
}
std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// What containers may have of a file's extended attributes: those of users, capabilities and access lists. Labels and overlay marks are the host's.
void keep_harmless(archive::Xattrs& xattrs) {
  std::erase_if(xattrs, [](const auto& item) {
    return !item.first.starts_with("user.") && item.first != "security.capability" && !item.first.starts_with("system.posix_acl_");
  });
}

}  // namespace

Tree::Tree(TreeLimits limits) : limits_(limits) {
  Node top;
  top.entry.type = Type::directory;
  top.entry.mode = 0755;
  top.children = std::make_unique<Children>();
  nodes_.push_back(std::move(top));
}

Result<> Tree::count(const archive::Entry& entry) {
  if (++members_ > limits_.members) return fail(Code::invalid, "The image's layers have more than {} members", limits_.members);
  if (entry.path.size() > kMaxPath || entry.link.size() > kMaxPath) return fail(Code::invalid, "A layer has a name of more than {} bytes", kMaxPath);
  for (const std::string& part : split(entry.path, '/'))
    if (part.size() > kMaxComponent) return fail(Code::invalid, "A layer has a name with a part of more than {} bytes", kMaxComponent);
  if (entry.path.contains('\0') || entry.link.contains('\0')) return fail(Code::invalid, "A layer has a name with a null byte");
  attribute_bytes_ += entry.link.size();
  for (const auto& [name, value] : entry.xattrs) attribute_bytes_ += name.size() + value.size();
  if (attribute_bytes_ > limits_.attribute_bytes) return fail(Code::invalid, "The image's layers have more than {} bytes of links and attributes", limits_.attribute_bytes);
  if (entry.type != Type::file) return {};
  if (entry.size < 0 || entry.size > limits_.bytes - bytes_) return fail(Code::invalid, "The image unpacks to more than {} bytes", limits_.bytes);
  bytes_ += entry.size;
  return {};
}

Result<Tree::Id> Tree::make_folder(Id parent, const std::string& name, uint32_t layer) {
  uint32_t depth = nodes_[parent].depth + 1;
  if (depth > kMaxDepth) return fail(Code::invalid, "A layer nests folders more than {} deep", kMaxDepth);
  Node made;
  made.entry.type = Type::directory;
  made.entry.mode = 0755;
  made.parent = parent;
  made.depth = depth;
  made.children = std::make_unique<Children>();
  Id id = static_cast<Id>(nodes_.size());
  nodes_.push_back(std::move(made));
  (*nodes_[parent].children)[name] = {id, layer};
  return id;
}

Result<Tree::Id> Tree::walk(const std::string& path, bool make) {
  StringList parts = split(path, '/');
  std::deque<std::string> left(parts.begin(), parts.end());
  Id at = root();
  for (int links = 0; !left.empty();) {
    std::string name = std::move(left.front());
    left.pop_front();
    if (name.empty() || name == ".") continue;
    if (!is_folder(nodes_[at])) return fail(Code::invalid, "A layer's path {} leads through something that is not a folder", quote(path));
    if (name == "..") {
      at = nodes_[at].parent;
      continue;
    }
    auto found = nodes_[at].children->find(name);
    if (found == nodes_[at].children->end()) {
      if (!make) return fail(Code::not_found, "{} is not there", quote(path));
      // Nobody described this folder: layer 0, so that it counts as older than any layer's word about it.
      at = TRY(make_folder(at, name, 0));
      continue;
    }
    const Node& next = nodes_[found->second.id];
    if (next.entry.type != Type::symlink) {
      at = found->second.id;
      continue;
    }
    if (++links > kMaxLinks) return fail(Code::invalid, "A layer's path {} goes through too many links", quote(path));
    if (next.entry.link.starts_with('/')) at = root();
    StringList target = split(next.entry.link, '/');
    left.insert(left.begin(), target.begin(), target.end());
    if (left.size() > kMaxPath) return fail(Code::invalid, "A layer's path {} becomes too long", quote(path));
  }
  return at;
}

Result<Tree::Id> Tree::folder(const std::string& path, bool make) {
  Id id = TRY(walk(path, make));
  if (!is_folder(nodes_[id])) return fail(Code::invalid, "A layer's path {} leads through something that is not a folder", quote(path));
  return id;
}

void Tree::put(Id parent, const std::string& name, const archive::Entry& entry, uint32_t member) {
  Node made;
  made.entry = entry;
  made.entry.path.clear();
  keep_harmless(made.entry.xattrs);
  made.layer = layer_;
  made.member = member;
  Id id = static_cast<Id>(nodes_.size());
  nodes_.push_back(std::move(made));
  (*nodes_[parent].children)[name] = {id, layer_};
}

Result<> Tree::add_folder(Id parent, const std::string& name, const archive::Entry& entry) {
  Id id = parent;
  if (!name.empty()) {
    auto found = nodes_[parent].children->find(name);
    bool there = found != nodes_[parent].children->end();
    bool is_link = there && nodes_[found->second.id].entry.type == Type::symlink;
    // A link to a folder stays one: distributions replaced /lib and its like by links, and later layers still speak of them as folders.
    Result<Id> behind = is_link ? walk(entry.path, false) : Result<Id>(fail(Code::not_found, ""));
    if (behind && is_folder(nodes_[*behind])) id = *behind;
    else id = there && is_folder(nodes_[found->second.id]) ? found->second.id : TRY(make_folder(parent, name, layer_));
    (*nodes_[parent].children)[name].layer = layer_;
  }
  std::unique_ptr<Children> kept = std::move(nodes_[id].children);
  nodes_[id].entry = entry;
  nodes_[id].entry.path.clear();
  keep_harmless(nodes_[id].entry.xattrs);
  nodes_[id].children = std::move(kept);
  return {};
}

Result<> Tree::add_link(Id parent, const std::string& name, const archive::Entry& entry) {
  auto folder_id = folder(parent_of(entry.link), false);
  const Children* there = folder_id ? nodes_[*folder_id].children.get() : nullptr;
  auto target = there ? there->find(name_of(entry.link)) : Children::const_iterator();
  if (!there || target == there->end()) return fail(Code::invalid, "A layer links {} to {}, which is not there", quote(entry.path), quote(entry.link));
  if (is_folder(nodes_[target->second.id])) return fail(Code::invalid, "A layer links {} to a folder", quote(entry.path));
  Id id = target->second.id;
  (*nodes_[parent].children)[name] = {id, layer_};
  return {};
}

bool Tree::prune(Id folder_id) {
  Children& children = *nodes_[folder_id].children;
  std::erase_if(children, [&](auto& item) {
    bool gone = is_folder(nodes_[item.second.id]) ? prune(item.second.id) : true;
    return gone && item.second.layer < layer_;
  });
  return children.empty();
}

Result<> Tree::whiteout(const std::string& path, const std::string& name) {
  auto found = folder(path, false);
  if (!found) return {};  // nothing there that could be hidden
  if (name == kOpaque) {
    prune(*found);
    return {};
  }
  if (name.starts_with(kReserved)) return {};  // bookkeeping of other tools
  std::string hidden = name.substr(kWhiteout.size());
  if (hidden.empty() || hidden == "." || hidden == "..") return fail(Code::invalid, "A layer has a whiteout {} of nothing", quote(name));
  Children& children = *nodes_[*found].children;
  auto item = children.find(hidden);
  if (item == children.end()) return {};
  // Only what lower layers brought: this layer's own files of the same name may come before or after the whiteout.
  bool gone = is_folder(nodes_[item->second.id]) ? prune(item->second.id) : true;
  if (gone && item->second.layer < layer_) children.erase(item);
  return {};
}

Result<> Tree::add(const archive::Entry& entry, uint32_t member) {
  TRY(count(entry));
  if (entry.path.empty()) {
    if (entry.type != Type::directory) return fail(Code::invalid, "A layer replaces the root folder");
    return add_folder(root(), "", entry);
  }
  std::string name = name_of(entry.path);
  if (name.starts_with(kWhiteout)) return whiteout(parent_of(entry.path), name);
  Id parent = TRY(folder(parent_of(entry.path), true));
  switch (entry.type) {
    case Type::directory: return add_folder(parent, name, entry);
    case Type::hardlink: return add_link(parent, name, entry);
    case Type::symlink:
      if (entry.link.empty()) return fail(Code::invalid, "A layer's {} is a link to nowhere", quote(entry.path));
      [[fallthrough]];
    case Type::file:
    case Type::fifo: put(parent, name, entry, member); return {};
    case Type::character:
    case Type::block:
    case Type::other: nodes_[parent].children->erase(name); return {};
  }
  return {};
}

}  // namespace oci
