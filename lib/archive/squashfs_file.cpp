#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "archive/libsquashfs.h"

namespace archive {

namespace {

// SAFETY: `base` is the first member of SqfsFdFile, and the library only hands back what was given to it.
SqfsFdFile* self(sqfs_file_t* file) { return reinterpret_cast<SqfsFdFile*>(file); }
const SqfsFdFile* self(const sqfs_file_t* file) { return reinterpret_cast<const SqfsFdFile*>(file); }

int read_at(sqfs_file_t* file, sqfs_u64 offset, void* buffer, size_t size) {
  auto* at = static_cast<char*>(buffer);
  while (size > 0) {
    ssize_t got = pread(self(file)->fd, at, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SQFS_ERROR_IO;
    if (got == 0) return SQFS_ERROR_OUT_OF_BOUNDS;
    at += got;
    offset += static_cast<sqfs_u64>(got);
    size -= static_cast<size_t>(got);
  }
  return 0;
}

int write_at(sqfs_file_t* file, sqfs_u64 offset, const void* buffer, size_t size) {
  const auto* at = static_cast<const char*>(buffer);
  while (size > 0) {
    ssize_t put = pwrite(self(file)->fd, at, size, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return SQFS_ERROR_IO;
    at += put;
    offset += static_cast<sqfs_u64>(put);
    size -= static_cast<size_t>(put);
  }
  if (offset > self(file)->size) self(file)->size = offset;
  return 0;
}

sqfs_u64 get_size(const sqfs_file_t* file) { return self(file)->size; }

int truncate_to(sqfs_file_t* file, sqfs_u64 size) {
  if (ftruncate(self(file)->fd, static_cast<off_t>(size)) != 0) return SQFS_ERROR_IO;
  self(file)->size = size;
  return 0;
}

struct Named {
  int error;
  const char* text;
};
constexpr Named kErrors[] = {
    {SQFS_ERROR_ALLOC, "out of memory"},
    {SQFS_ERROR_IO, "input/output error"},
    {SQFS_ERROR_COMPRESSOR, "a block can't be decompressed"},
    {SQFS_ERROR_INTERNAL, "internal error"},
    {SQFS_ERROR_CORRUPTED, "damaged data"},
    {SQFS_ERROR_UNSUPPORTED, "a feature that isn't supported"},
    {SQFS_ERROR_OVERFLOW, "a number that is too large"},
    {SQFS_ERROR_OUT_OF_BOUNDS, "the image is cut off"},
};

}  // namespace

SqfsFdFile::SqfsFdFile(int descriptor) : base{}, fd(descriptor), size(0) {
  base.base.destroy = [](sqfs_object_t*) {};
  base.read_at = read_at;
  base.write_at = write_at;
  base.get_size = get_size;
  base.truncate = truncate_to;
  struct stat info;
  if (fstat(fd, &info) == 0) size = static_cast<uint64_t>(info.st_size);
}

Failure sqfs_failure(Code code, std::string_view what, int result) {
  for (const Named& row : kErrors) {
    if (row.error == result) return fail(code, "{}: {}", what, row.text);
  }
  return fail(code, "{}: error {}", what, result);
}

}  // namespace archive
