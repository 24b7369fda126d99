#include "archive/tar_reader.h"

#include <sys/sysmacros.h>

#include <array>
#include <clocale>
#include <mutex>

#include "archive/compression.h"
#include "archive/libarchive.h"
#include "archive/posix_acl.h"
#include "archive/xz_reader.h"
#include "base/strings.h"

namespace archive {

void set_utf8_locale() {
  static std::once_flag once;
  std::call_once(once, [] { setlocale(LC_CTYPE, "C.UTF-8"); });
}

Result<std::string> clean_path(std::string_view path) {
  std::string out;
  for (const std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return fail(Code::invalid, "Archive member {} points outside of the archive", quote(path));
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

Result<std::string> TarReader::read_all(size_t limit) {
  std::string out;
  while (auto block = TRY(read_block())) {
    size_t end = static_cast<size_t>(block->offset) + block->data.size();
    if (end > limit) return fail(Code::invalid, "Archive member is larger than {} bytes", limit);
    out.resize(static_cast<size_t>(block->offset));
    out += block->data;
  }
  return out;
}

namespace {

constexpr size_t kReadSize = 256 << 10;

/// Feeds libarchive from a Source or a Pipe, and keeps the error it can't carry.
struct Input {
  Source source;
  std::unique_ptr<Pipe> pipe;
  Sink plain;
  std::vector<char> buffer;
  std::optional<Error> error;

  static la_ssize_t read(la_archive* handle, void* self, const void** data) {
    auto& input = *static_cast<Input*>(self);
    Result<std::string_view> chunk = input.take();
    if (!chunk) {
      archive_set_error(handle, EIO, "%s", chunk.error().message().c_str());
      input.error = chunk.error();
      return -1;
    }
    *data = chunk->data();
    return static_cast<la_ssize_t>(chunk->size());
  }
  Result<std::string_view> take() {
    std::string_view chunk;
    if (pipe) {
      chunk = TRY(pipe->next());
    } else {
      buffer.resize(kReadSize);
      chunk = {buffer.data(), TRY(source(buffer))};
    }
    if (plain && !chunk.empty()) TRY(plain(chunk));
    return chunk;
  }
};

Failure failure_of(const Input& input, const char* what, la_archive* handle) {
  if (input.error) return Failure(Error(*input.error).wrap(what));
  return archive_failure(Code::invalid, what, handle);
}

/// Runs in the pipe's thread: takes the compression off.
Result<> decompress(Source source, const Sink& out) {
  Input input{.source = std::move(source), .pipe = {}, .plain = {}, .buffer = {}, .error = {}};
  ReadHandle handle(archive_read_new());
  for (auto support : {archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_xz,
                       archive_read_support_filter_lzma, archive_read_support_filter_zstd, archive_read_support_filter_lz4}) {
    support(handle.get());
  }
  archive_read_support_format_raw(handle.get());
  archive_entry* entry;
  if (archive_read_open(handle.get(), &input, nullptr, Input::read, nullptr) != ARCHIVE_OK ||
      archive_read_next_header(handle.get(), &entry) != ARCHIVE_OK) {
    return failure_of(input, "Failed decompressing", handle.get());
  }
  for (;;) {
    const void* data;
    size_t size;
    la_int64_t offset;
    int status = archive_read_data_block(handle.get(), &data, &size, &offset);
    if (status == ARCHIVE_EOF) return {};
    if (status < ARCHIVE_WARN) return failure_of(input, "Failed decompressing", handle.get());
    TRY(out(std::string_view(static_cast<const char*>(data), size)));
  }
}

Entry::Type type_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry)) return Entry::Type::hardlink;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return Entry::Type::file;
    case AE_IFDIR: return Entry::Type::directory;
    case AE_IFLNK: return Entry::Type::symlink;
    case AE_IFCHR: return Entry::Type::character;
    case AE_IFBLK: return Entry::Type::block;
    case AE_IFIFO: return Entry::Type::fifo;
    default: return Entry::Type::other;
  }
}

void read_xattrs(archive_entry* entry, Entry& out) {
  const char* name;
  const void* value;
  size_t size;
  if (archive_entry_xattr_reset(entry) > 0) {
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) out.xattrs.emplace_back(name, std::string(static_cast<const char*>(value), size));
  }
  if (std::string acl = acl_to_xattr(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS); !acl.empty()) out.xattrs.emplace_back("system.posix_acl_access", acl);
  if (std::string acl = acl_to_xattr(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT); !acl.empty()) out.xattrs.emplace_back("system.posix_acl_default", acl);
}

class LibarchiveReader : public TarReader {
 public:
  Input input;
  ReadHandle handle{archive_read_new()};

  Result<std::optional<Entry>> next() override {
    archive_entry* entry;
    int status = archive_read_next_header(handle.get(), &entry);
    if (status == ARCHIVE_EOF) {
      // An empty file is a tar without members to libarchive, a broken upload to everybody else.
      return std::optional<Entry>();
    }
    if (status < ARCHIVE_WARN) return failure_of(input, "Damaged archive", handle.get());
    Entry out;
    const char* path = archive_entry_pathname(entry);
    if (!path) return fail(Code::invalid, "Archive member with an unreadable name");
    out.path = TRY(clean_path(path));
    out.type = type_of(entry);
    if (out.type == Entry::Type::hardlink) out.link = TRY(clean_path(archive_entry_hardlink(entry)));
    if (const char* target = archive_entry_symlink(entry); out.type == Entry::Type::symlink && target) out.link = target;
    out.size = archive_entry_size(entry);
    out.mode = archive_entry_perm(entry) & 07777;
    la_int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
    if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX) return fail(Code::invalid, "Archive member {} has an impossible owner", quote(out.path));
    out.uid = static_cast<uid_t>(uid);
    out.gid = static_cast<gid_t>(gid);
    out.device = makedev(archive_entry_rdevmajor(entry), archive_entry_rdevminor(entry));
    out.mtime = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
    read_xattrs(entry, out);
    return out;
  }

  Result<std::optional<Block>> read_block() override {
    const void* data;
    size_t size;
    la_int64_t offset;
    int status = archive_read_data_block(handle.get(), &data, &size, &offset);
    if (status == ARCHIVE_EOF) return std::optional<Block>();
    if (status < ARCHIVE_WARN) return failure_of(input, "Damaged archive", handle.get());
    return Block{offset, std::string_view(static_cast<const char*>(data), size)};
  }

  Result<> drain() override {
    while (!TRY(input.take()).empty()) {}
    return {};
  }
};

}  // namespace

Result<std::unique_ptr<TarReader>> TarReader::open(Source source, Sink plain) {
  set_utf8_locale();
  std::string head(512, '\0');
  size_t got = 0;
  while (got < head.size()) {
    size_t count = TRY(source(std::span(head).subspan(got)));
    if (count == 0) break;
    got += count;
  }
  head.resize(got);
  std::optional<Content> content = detect(head);
  if (!content || *content >= Content::squashfs) return fail(Code::invalid, "Unsupported compression");
  auto reader = std::make_unique<LibarchiveReader>();
  reader->input.plain = std::move(plain);
  Source whole = prepend(std::move(head), std::move(source));
  if (*content == Content::tar) reader->input.source = std::move(whole);
  else reader->input.pipe = std::make_unique<Pipe>([whole = std::move(whole), xz = *content == Content::xz](const Sink& out) {
    return xz ? decompress_xz(whole, out) : decompress(whole, out);
  });
  archive_read_support_format_tar(reader->handle.get());
  archive_read_support_format_gnutar(reader->handle.get());
  archive_read_set_options(reader->handle.get(), "hdrcharset=UTF-8");
  if (archive_read_open(reader->handle.get(), &reader->input, nullptr, Input::read, nullptr) != ARCHIVE_OK) {
    return failure_of(reader->input, "Not a tar archive", reader->handle.get());
  }
  return reader;
}

}  // namespace archive
