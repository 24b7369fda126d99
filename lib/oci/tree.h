// The file system that an image's layers make when they are put upon each other: a model in memory, so that nothing is unpacked before all is known.
// Whiteouts, opaque folders, hard links and links in paths act on the model; the disk is out of reach of whatever a layer says. (image-spec, layer.md.)
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "archive/tar_reader.h"

namespace oci {

/// What all layers together may hold.
struct TreeLimits {
  size_t members = 2'000'000;
  int64_t bytes = int64_t{1} << 38;   ///< of content, holes included
  size_t attribute_bytes = 64 << 20;  ///< of extended attributes and link targets
};

/// Not thread-safe. Ids are stable: nodes are never moved, only cut off.
class Tree {
 public:
  using Id = uint32_t;
  /// A name in a folder. Hard links are several of the same id.
  struct Child {
    Id id;
    uint32_t layer;  ///< that last spoke of this name
  };
  using Children = std::map<std::string, Child>;
  struct Node {
    archive::Entry entry;   ///< without path
    uint32_t layer = 0;     ///< whose member `member` has the content
    uint32_t member = 0;
    Id parent = 0;          ///< of folders
    uint32_t depth = 0;     ///< of folders
    std::unique_ptr<Children> children;  ///< of folders only
  };

  explicit Tree(TreeLimits limits = {});

  /// Members that follow belong to the next layer; the first layer is 1.
  void begin_layer() { ++layer_; }
  /// Applies one member of the current layer; `member` counts them. Device nodes are left out: no container may bring its own.
  /// Errors: invalid: the layer contradicts itself or wants what can't be (a path through a file, links to nothing, too much of anything).
  Result<> add(const archive::Entry& entry, uint32_t member);

  const Node& node(Id id) const { return nodes_[id]; }
  static constexpr Id root() { return 0; }
  /// Where a path leads, links followed within the tree. Errors: not_found, invalid.
  Result<Id> find(const std::string& path) { return walk(path, false); }

 private:
  Result<Id> walk(const std::string& path, bool make);
  Result<Id> folder(const std::string& path, bool make);
  Result<Id> make_folder(Id parent, const std::string& name, uint32_t layer);
  void put(Id parent, const std::string& name, const archive::Entry& entry, uint32_t member);
  Result<> add_folder(Id parent, const std::string& name, const archive::Entry& entry);
  Result<> add_link(Id parent, const std::string& name, const archive::Entry& entry);
  Result<> whiteout(const std::string& path, const std::string& name);
  bool prune(Id folder);
  Result<> count(const archive::Entry& entry);

  TreeLimits limits_;
  std::vector<Node> nodes_;
  uint32_t layer_ = 0;
  size_t members_ = 0, attribute_bytes_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace oci
