// The stages of a build, in order: unpack a source, packages, files; then packing.
#pragma once
#include <string>

#include "applets/image/definition.h"
#include "archive/compression.h"

namespace builder {

/// A folder that becomes the image's root, and what its metadata says so far.
struct Tree {
  std::string root;                                            ///< the root file system
  std::string templates;                                       ///< folder of template files
  std::map<std::string, api::ImageMetadataTemplate> applied;   ///< path in the instance -> template
};

/// Fills tree.root from the definition's source. Errors: unsupported (downloader), unavailable, invalid. Blocks for long.
Result<> unpack_source(const Context& ctx, const Definition& definition, const Tree& tree);
/// Files of the definition's repositories, for its package manager. Errors: unsupported (a manager without such files), invalid.
Result<> add_repositories(const Definition& definition, const Tree& tree);
/// Repositories, update, sets and cleanup by the distribution's package manager, in the root.
Result<> change_packages(const Context& ctx, const Definition& definition, const Tree& tree);
/// All generators of the `files` section.
Result<> make_files(const Context& ctx, const Definition& definition, Tree& tree);
/// The actions of one trigger.
Result<> run_actions(const Context& ctx, const Definition& definition, const Tree& tree, std::string_view trigger);
/// Everything above in the right order, with a line on standard output for each stage.
Result<> build_tree(const Context& ctx, const Definition& definition, Tree& tree);

struct PackOptions {
  archive::CompressionChoice compression{archive::Compression::xz, -1};
  archive::Compression squashfs = archive::Compression::xz;  ///< of split images' roots
  bool split = false;
  std::string folder = ".";                  ///< where the files go
  std::string name;                          ///< of a unified image's file, without its extension
  uint64_t machine = 0;                      ///< the size of a virtual machine's disk in bytes: "disk.qcow2" instead of a root; 0: a container
  std::string workspace;                     ///< for files that are only needed meanwhile
  bool host = false;                         ///< the tree is a running machine: leave out what only makes sense there
};
/// Writes "NAME.tar.xz", or "incus.tar.xz" and "rootfs.squashfs". Sorted members, no time later than `metadata.creation_date`: the same tree
/// gives the same bytes. Returns the files' paths. Errors: internal, invalid. Blocks for long.
Result<StringList> pack(const Context& ctx, const Tree& tree, const api::ImageMetadata& metadata, const PackOptions& options);

}  // namespace builder
