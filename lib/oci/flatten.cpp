#include "oci/flatten.h"

#include <unordered_map>

#include "archive/hash.h"
#include "base/strings.h"

namespace oci {

namespace {

using archive::Entry;

constexpr size_t kMaxAccounts = 1 << 20;  // bytes of /etc/passwd and of /etc/group

/// First reading: the model, and the check of what the layers unpack to.
Result<> learn(const Context& ctx, Tree& tree, const LayerFile& layer, int64_t& plain_left) {
  tree.begin_layer();
  archive::Hash hash;
  auto plain = [&](std::string_view bytes) -> Result<> {
    TRY(ctx.check());
    plain_left -= static_cast<int64_t>(bytes.size());
    if (plain_left < 0) return fail(Code::invalid, "The image's layers unpack to too many bytes");
    hash.update(bytes);
    return {};
  };
  auto tar = TRY(archive::TarReader::open(archive::source_from_file(layer.fd.get()), plain));
  for (uint32_t member = 0; auto entry = TRY(tar->next()); ++member) TRY(tree.add(*entry, member));
  TRY(tar->drain());
  std::string found = "sha256:" + hash.hex();
  if (layer.diff_id.empty() || found == layer.diff_id) return {};
  return fail(Code::invalid, "A layer unpacks to {}, not to {} as the image says", found, layer.diff_id);
}

/// Second reading: what is left of each layer goes out.
class Emitter {
 public:
  Emitter(const Context& ctx, Tree& tree, archive::TarWriter& out) : ctx_(ctx), tree_(tree), out_(out) {
    passwd_ = tree.find("etc/passwd");
    group_ = tree.find("etc/group");
  }

  /// Folders, links and empty files now; files with content are noted by where they come from.
  Result<> folder(Tree::Id id, const std::string& path) {
    TRY(ctx_.check());
    const Tree::Node& node = tree_.node(id);
    TRY(add_empty(node, path.empty() ? "." : path));
    for (const auto& [name, child] : *node.children) {
      std::string below = path.empty() ? name : path + "/" + name;
      if (tree_.node(child.id).children) TRY(folder(child.id, below));
      else TRY(place(child.id, below));
    }
    return {};
  }

  Result<> contents(uint32_t layer, const LayerFile& file) {
    auto next = wanted_.lower_bound({layer, 0});
    if (next == wanted_.end() || next->first.first != layer) return {};
    auto tar = TRY(archive::TarReader::open(archive::source_from_file(file.fd.get())));
    for (uint32_t member = 0; auto entry = TRY(tar->next()); ++member) {
      TRY(ctx_.check());
      if (next->first.second != member) continue;
      TRY(copy(next->second, *tar));
      if (++next == wanted_.end() || next->first.first != layer) return {};
    }
    return fail(Code::invalid, "A layer changed while it was read");
  }

  Accounts accounts;

 private:
  struct Wanted {
    Tree::Id id;
    StringList paths;  ///< the first gets the content, the others are links to it
  };
  const Context& ctx_;
  Tree& tree_;
  archive::TarWriter& out_;
  Result<Tree::Id> passwd_, group_;
  std::map<std::pair<uint32_t, uint32_t>, Wanted> wanted_;  ///< by layer and member
  std::unordered_map<Tree::Id, std::string> placed_;        ///< links and empty files

  static Entry named(const Tree::Node& node, const std::string& path) {
    Entry entry = node.entry;
    entry.path = path;
    return entry;
  }
  Result<> add_empty(const Tree::Node& node, const std::string& path) { return out_.add(named(node, path)); }

  Result<> add_link(const Tree::Node& node, const std::string& path, const std::string& target) {
    Entry entry = named(node, path);
    entry.type = Entry::Type::hardlink;
    entry.link = target;
    entry.xattrs.clear();
    return out_.add(entry);
  }

  Result<> place(Tree::Id id, const std::string& path) {
    const Tree::Node& node = tree_.node(id);
    if (node.entry.type == Entry::Type::file && node.entry.size > 0) {
      Wanted& wanted = wanted_[{node.layer, node.member}];
      wanted.id = id;
      wanted.paths.push_back(path);
      return {};
    }
    auto [first, fresh] = placed_.emplace(id, path);
    return fresh ? add_empty(node, path) : add_link(node, path, first->second);
  }

  Result<> copy(const Wanted& wanted, archive::TarReader& tar) {
    const Tree::Node& node = tree_.node(wanted.id);
    Entry entry = named(node, wanted.paths[0]);
    std::string* kept = passwd_ && *passwd_ == wanted.id ? &accounts.passwd : group_ && *group_ == wanted.id ? &accounts.group : nullptr;
    if (kept) {
      *kept = TRY(tar.read_all(kMaxAccounts));
      TRY(out_.add(entry, *kept));
    } else {
      TRY(out_.add_from(ctx_, entry, tar));
    }
    for (size_t i = 1; i < wanted.paths.size(); ++i) TRY(add_link(node, wanted.paths[i], wanted.paths[0]));
    return {};
  }
};

}  // namespace

Result<Accounts> flatten(const Context& ctx, const std::vector<LayerFile>& layers, archive::TarWriter& out, const TreeLimits& limits) {
  Tree tree(limits);
  // Headers and padding besides the content: a kibibyte and a half for each member is what tar takes at most without long names.
  int64_t plain_left = limits.bytes + static_cast<int64_t>(limits.members) * 1536;
  for (const LayerFile& layer : layers) TRY_CTX(learn(ctx, tree, layer, plain_left), "Failed reading the image's layers");
  Emitter emitter(ctx, tree, out);
  TRY(emitter.folder(Tree::root(), ""));
  for (size_t i = 0; i < layers.size(); ++i) TRY(emitter.contents(static_cast<uint32_t>(i + 1), layers[i]));
  TRY(out.finish());
  return std::move(emitter.accounts);
}

}  // namespace oci
