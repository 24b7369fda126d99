// The tree of a squashfs image being written: kept in memory, written after all contents. Private to lib/archive.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "archive/libsquashfs.h"
#include "archive/tar_reader.h"

namespace archive {

/// One file of the image. Its address never changes: the block processor writes to `inode` until it has finished.
struct SquashfsNode {
  Entry entry;  ///< without attributes: they are in the image already
  std::map<std::string, std::unique_ptr<SquashfsNode>> children;
  SquashfsNode* target = nullptr;         ///< of a hard link
  sqfs_inode_generic_t* inode = nullptr;  ///< of a file with content; ours to free
  uint32_t xattrs = 0xffffffff;           ///< index; none
  uint32_t links = 1;
  uint32_t number = 0;                    ///< 0: not numbered yet
  uint64_t reference = 0;                 ///< where the inode is

  ~SquashfsNode() { sqfs_free(inode); }
};

/// The parts of an image that the tree's tables are written with.
struct SquashfsTables {
  sqfs_file_t& file;
  sqfs_super_t& super;
  sqfs_compressor_t& compressor;
  sqfs_frag_table_t& fragments;
  sqfs_xattr_writer_t& xattrs;
};

class SquashfsTree {
 public:
  SquashfsTree();
  /// A node for `entry`, in folders that are made as needed; a folder given twice keeps what is in it. Errors: invalid.
  Result<SquashfsNode*> add(const Entry& entry);
  /// Writes all tables and fills `super`. Errors: internal.
  Result<> write(SquashfsTables& tables);

 private:
  SquashfsNode root_;
};

}  // namespace archive
