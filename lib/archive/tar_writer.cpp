#include "archive/tar_writer.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "archive/libarchive.h"
#include "base/strings.h"

namespace archive {

namespace {

constexpr size_t kBlock = 256 << 10;

struct Output {
  Sink sink;
  std::optional<Error> error;

  static la_ssize_t write(la_archive* handle, void* self, const void* data, size_t size) {
    auto& output = *static_cast<Output*>(self);
    Result<> done = output.sink(std::string_view(static_cast<const char*>(data), size));
    if (done) return static_cast<la_ssize_t>(size);
    archive_set_error(handle, EIO, "%s", done.error().message().c_str());
    output.error = done.error();
    return -1;
  }
};

Result<> add_filter(la_archive* handle, const CompressionChoice& choice) {
  switch (choice.method) {
    case Compression::none:
    case Compression::gzip: return {};
    case Compression::bzip2: archive_write_add_filter_bzip2(handle); break;
    case Compression::xz: archive_write_add_filter_xz(handle); break;
    case Compression::lzma: archive_write_add_filter_lzma(handle); break;
    case Compression::zstd: archive_write_add_filter_zstd(handle); break;
    case Compression::lz4: archive_write_add_filter_lz4(handle); break;
    case Compression::squashfs: return fail(Code::unsupported, "squashfs can't be written as a stream");
  }
  // 0: as many threads as there are processors. The others know no such option and refuse it, which is fine.
  archive_write_set_filter_option(handle, nullptr, "threads", "0");
  if (choice.level > 0) archive_write_set_filter_option(handle, nullptr, "compression-level", std::to_string(choice.level).c_str());
  return {};
}

mode_t type_bits(Entry::Type type) {
  switch (type) {
    case Entry::Type::directory: return AE_IFDIR;
    case Entry::Type::symlink: return AE_IFLNK;
    case Entry::Type::character: return AE_IFCHR;
    case Entry::Type::block: return AE_IFBLK;
    case Entry::Type::fifo: return AE_IFIFO;
    default: return AE_IFREG;
  }
}

class LibarchiveWriter : public TarWriter {
 public:
  Output output;
  std::unique_ptr<ParallelGzip> gzip;
  WriteHandle handle{archive_write_new()};
  EntryHandle header{archive_entry_new()};
  std::vector<char> buffer;

  Failure failure(const char* what) {
    if (output.error) return Failure(Error(*output.error).wrap(what));
    return archive_failure(Code::internal, what, handle.get());
  }

  void fill(const Entry& entry) {
    archive_entry* out = archive_entry_clear(header.get());
    archive_entry_set_pathname(out, entry.path.c_str());
    archive_entry_set_filetype(out, type_bits(entry.type));
    archive_entry_set_perm(out, entry.mode);
    archive_entry_set_uid(out, entry.uid);
    archive_entry_set_gid(out, entry.gid);
    archive_entry_set_mtime(out, entry.mtime.tv_sec, entry.mtime.tv_nsec);
    archive_entry_set_size(out, entry.type == Entry::Type::file ? entry.size : 0);
    if (entry.type == Entry::Type::symlink) archive_entry_set_symlink(out, entry.link.c_str());
    if (entry.type == Entry::Type::hardlink) archive_entry_set_hardlink(out, entry.link.c_str());
    if (entry.type == Entry::Type::character || entry.type == Entry::Type::block) {
      archive_entry_set_rdevmajor(out, major(entry.device));
      archive_entry_set_rdevminor(out, minor(entry.device));
    }
    for (const auto& [name, value] : entry.xattrs) archive_entry_xattr_add_entry(out, name.c_str(), value.data(), value.size());
  }

  Result<> write_header() {
    if (archive_write_header(handle.get(), header.get()) < ARCHIVE_WARN) return failure("Failed writing archive");
    return {};
  }
  Result<> write_data(const char* data, size_t size) {
    while (size > 0) {
      la_ssize_t put = archive_write_data(handle.get(), data, size);
      if (put <= 0) return failure("Failed writing archive");
      data += put;
      size -= static_cast<size_t>(put);
    }
    return {};
  }

  Result<> add(const Entry& entry, std::string_view content) override {
    Entry sized = entry;
    sized.size = static_cast<int64_t>(content.size());
    fill(sized);
    TRY(write_header());
    return write_data(content.data(), content.size());
  }

  struct Extent {
    int64_t offset, size;
  };
  static std::vector<Extent> extents(int fd, int64_t size) {
    std::vector<Extent> out;
    for (int64_t at = 0; at < size;) {
      off_t data = lseek(fd, at, SEEK_DATA);
      if (data < 0) break;
      off_t hole = lseek(fd, data, SEEK_HOLE);
      if (hole < 0) hole = size;
      out.push_back({data, hole - data});
      at = hole;
    }
    return out;
  }

  Result<> add_file(const Context& ctx, const Entry& entry, int fd, bool sparse) override {
    fill(entry);
    std::vector<Extent> parts{{0, entry.size}};
    if (sparse) {
      parts = extents(fd, entry.size);
      for (const Extent& part : parts) archive_entry_sparse_add_entry(header.get(), part.offset, part.size);
      if (parts.empty()) archive_entry_sparse_add_entry(header.get(), entry.size, 0);
    }
    TRY(write_header());
    buffer.resize(kBlock);
    int64_t at = 0;
    for (const Extent& part : parts) {
      TRY(write_zeros(ctx, part.offset - at));
      TRY(write_range(ctx, fd, part.offset, part.size));
      at = part.offset + part.size;
    }
    return write_zeros(ctx, entry.size - at);
  }

  Result<> add_from(const Context& ctx, const Entry& entry, TarReader& tar) override {
    fill(entry);
    TRY(write_header());
    int64_t at = 0;
    while (auto block = TRY(tar.read_block())) {
      TRY(ctx.check());
      // A reader that gives more than the header said, or goes back, would put its bytes into the next member.
      auto size = static_cast<int64_t>(block->data.size());
      if (block->offset < at || size > entry.size - block->offset) return fail(Code::invalid, "Archive member {} is longer than it says", quote(entry.path));
      TRY(write_zeros(ctx, block->offset - at));
      TRY(write_data(block->data.data(), block->data.size()));
      at = block->offset + size;
    }
    return write_zeros(ctx, entry.size - at);
  }

  Result<> write_zeros(const Context& ctx, int64_t count) {
    static const std::vector<char> zeros(kBlock);
    for (; count > 0; count -= static_cast<int64_t>(kBlock)) {
      TRY(ctx.check());
      TRY(write_data(zeros.data(), static_cast<size_t>(std::min<int64_t>(count, kBlock))));
    }
    return {};
  }

  /// A file that shrinks while it is read is filled up with zeros, as its header already says how long it is.
  Result<> write_range(const Context& ctx, int fd, int64_t offset, int64_t size) {
    while (size > 0) {
      TRY(ctx.check());
      ssize_t got = pread(fd, buffer.data(), std::min<size_t>(buffer.size(), static_cast<size_t>(size)), offset);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail_errno("Failed reading");
      if (got == 0) return write_zeros(ctx, size);
      TRY(write_data(buffer.data(), static_cast<size_t>(got)));
      offset += got;
      size -= got;
    }
    return {};
  }

  Result<> finish() override {
    if (archive_write_close(handle.get()) != ARCHIVE_OK) return failure("Failed finishing archive");
    return gzip ? gzip->finish() : Result<>();
  }
};

}  // namespace

Result<std::unique_ptr<TarWriter>> TarWriter::create(Sink sink, const CompressionChoice& compression) {
  set_utf8_locale();
  auto writer = std::make_unique<LibarchiveWriter>();
  writer->output.sink = std::move(sink);
  if (compression.method == Compression::gzip) {
    writer->gzip = std::make_unique<ParallelGzip>(std::move(writer->output.sink), compression.level);
    writer->output.sink = [gzip = writer->gzip.get()](std::string_view data) { return gzip->write(data); };
  }
  la_archive* handle = writer->handle.get();
  archive_write_set_format_pax_restricted(handle);
  // The header names GNU tar and Go's reader know.
  archive_write_set_format_option(handle, nullptr, "xattrheader", "SCHILY");
  archive_write_set_bytes_per_block(handle, kBlock);
  archive_write_set_bytes_in_last_block(handle, 1);
  TRY(add_filter(handle, compression));
  if (archive_write_open(handle, &writer->output, nullptr, Output::write, nullptr) != ARCHIVE_OK) return writer->failure("Cannot start archive");
  return writer;
}

}  // namespace archive
