// What the two libsquashfs users share: owning handles, a file by its descriptor, error texts. Private to lib/archive.
#pragma once
#include <sqfs/block.h>
#include <sqfs/block_processor.h>
#include <sqfs/block_writer.h>
#include <sqfs/compressor.h>
#include <sqfs/data_reader.h>
#include <sqfs/dir.h>
#include <sqfs/dir_reader.h>
#include <sqfs/dir_writer.h>
#include <sqfs/error.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/meta_writer.h>
#include <sqfs/super.h>
#include <sqfs/xattr.h>
#include <sqfs/xattr_reader.h>
#include <sqfs/xattr_writer.h>

#include <memory>
#include <string_view>

#include "base/result.h"

namespace archive {

struct SqfsDestroy {
  void operator()(void* object) const { sqfs_destroy(object); }
};
struct SqfsFree {
  void operator()(void* memory) const { sqfs_free(memory); }
};
/// An object of the library.
template <class T>
using Sqfs = std::unique_ptr<T, SqfsDestroy>;
/// Plain memory from the library.
template <class T>
using SqfsMemory = std::unique_ptr<T, SqfsFree>;

/// The library's file interface over a descriptor that somebody else owns.
struct SqfsFdFile {
  sqfs_file_t base;  ///< first: the library hands a pointer to it back
  int fd;
  uint64_t size;     ///< bytes

  explicit SqfsFdFile(int fd);
};

/// "what: why" for one of the library's negative results.
Failure sqfs_failure(Code code, std::string_view what, int result);

}  // namespace archive
