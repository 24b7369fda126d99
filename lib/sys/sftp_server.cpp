#include "sys/sftp_server.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "base/strings.h"
#include "base/timestamp.h"
#include "base/unique_fd.h"
#include "sys/sftp_wire.h"
#include "sys/splice.h"

namespace sys::sftp {
namespace {

constexpr size_t kMaxHandles = 1024;
constexpr size_t kNamesPerReply = 128;
constexpr size_t kNameAt = 5;             ///< of the handle's name in a request, behind type and id
constexpr size_t kMaxName = 32;           ///< of our handles, in bytes
constexpr size_t kLargeWrite = 16 << 10;  ///< from so many bytes on, moving pages beats copying

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
struct OpenHandle {
  UniqueFd file;
  bool append = false;
  std::unique_ptr<DIR, CloseFolder> folder;
};

std::string absolute(std::string_view path) { return path.starts_with('/') ? std::string(path) : "/" + std::string(path); }

/// "/a/./b/../c" -> "/a/c", by text alone.
std::string clean(std::string_view path) {
  StringList kept;
  for (const std::string& part : split_list(path, '/')) {
    if (part == ".." && !kept.empty()) kept.pop_back();
    if (part != "." && part != "..") kept.push_back(part);
  }
  return "/" + join(kept, "/");
}

uint32_t status_of(int error) {
  if (error == 0) return kOk;
  if (error == ENOENT) return kNoSuchFile;
  if (error == EACCES || error == EPERM) return kPermissionDenied;
  if (error == ENOSYS || error == EOPNOTSUPP) return kUnsupported;
  return kFailure;
}

/// The line that `ls -l` would show: clients print it.
std::string long_name(const std::string& name, const struct stat& info) {
  static constexpr char kTypes[] = "?pc?d?b?-?l?s???";
  std::string mode(1, kTypes[info.st_mode >> 12 & 15]);
  for (int bit = 8; bit >= 0; --bit) mode += info.st_mode >> bit & 1 ? "xwr"[bit % 3] : '-';
  std::string when = Timestamp::from_unix(info.st_mtime).format("%b %e %H:%M");
  return std::format("{} {:4} {:<8} {:<8} {:8} {} {}", mode, info.st_nlink, info.st_uid, info.st_gid, info.st_size, when, name);
}

class Session {
 public:
  Session(int input, int output) : input_(input), output_(output) {}
  /// Until the connection ends.
  Result<> run();

 private:
  struct Row {
    uint8_t type;
    void (*handler)(Session& session, uint32_t id, Reader& in);
  };
  /// A member as an ordinary function.
  template <auto member>
  static void call(Session& session, uint32_t id, Reader& in) {
    (session.*member)(id, in);
  }
  static const std::array<Row, 18> kHandlers;

  Result<> handle(std::string_view packet);
  Result<bool> take_write(std::string& start, uint32_t size);
  Result<int> splice(int file, uint64_t offset, uint64_t count);

  void reply(Writer& writer) { pending_ = writer.take(); }
  void reply_status(uint32_t id, uint32_t status, std::string_view message);
  /// The outcome of a system call that returned -1 on failure.
  void reply_result(uint32_t id, int result) { reply_status(id, result < 0 ? status_of(errno) : kOk, result < 0 ? strerror(errno) : "OK"); }
  void reply_attributes(uint32_t id, int result, const struct stat& info);
  void reply_handle(uint32_t id, OpenHandle handle);
  OpenHandle* find(uint32_t id, std::string_view name);

  void open_file(uint32_t id, Reader& in);
  void close_handle(uint32_t id, Reader& in);
  void read_file(uint32_t id, Reader& in);
  void write_file(uint32_t id, Reader& in);
  void lstat_path(uint32_t id, Reader& in);
  void stat_path(uint32_t id, Reader& in);
  void stat_handle(uint32_t id, Reader& in);
  void set_path(uint32_t id, Reader& in);
  void set_handle(uint32_t id, Reader& in);
  void open_folder(uint32_t id, Reader& in);
  void read_folder(uint32_t id, Reader& in);
  void remove(uint32_t id, Reader& in);
  void make_folder(uint32_t id, Reader& in);
  void remove_folder(uint32_t id, Reader& in);
  void real_path(uint32_t id, Reader& in);
  void rename_path(uint32_t id, Reader& in);
  void read_link(uint32_t id, Reader& in);
  void make_link(uint32_t id, Reader& in);
  void extended(uint32_t id, Reader& in);
  void stat_filesystem(uint32_t id, const std::string& path);

  int input_, output_;
  std::optional<SplicePipe> pipe_;
  std::string pending_;
  std::map<std::string, OpenHandle, std::less<>> handles_;
  uint64_t next_handle_ = 0;
};

const std::array<Session::Row, 18> Session::kHandlers = {{
    {kOpen, call<&Session::open_file>}, {kClose, call<&Session::close_handle>}, {kRead, call<&Session::read_file>},
    {kWrite, call<&Session::write_file>}, {kLstat, call<&Session::lstat_path>}, {kFstat, call<&Session::stat_handle>}, {kSetstat, call<&Session::set_path>},
    {kFsetstat, call<&Session::set_handle>}, {kOpendir, call<&Session::open_folder>}, {kReaddir, call<&Session::read_folder>}, {kRemove, call<&Session::remove>},
    {kMkdir, call<&Session::make_folder>}, {kRmdir, call<&Session::remove_folder>}, {kRealpath, call<&Session::real_path>}, {kStat, call<&Session::stat_path>},
    {kRename, call<&Session::rename_path>}, {kReadlink, call<&Session::read_link>}, {kSymlink, call<&Session::make_link>}}};

void Session::reply_status(uint32_t id, uint32_t status, std::string_view message) {
  Writer writer(kStatus);
  writer.u32(id).u32(status).text(message).text("");
  reply(writer);
}

void Session::reply_attributes(uint32_t id, int result, const struct stat& info) {
  if (result < 0) return reply_result(id, result);
  Writer writer(kAttributes);
  writer.u32(id).attributes(Attributes::of(info));
  reply(writer);
}

void Session::reply_handle(uint32_t id, OpenHandle handle) {
  if (handles_.size() >= kMaxHandles) return reply_status(id, kFailure, "Too many open files");
  std::string name = std::to_string(next_handle_++);
  handles_.emplace(name, std::move(handle));
  Writer writer(kHandle);
  writer.u32(id).text(name);
  reply(writer);
}

OpenHandle* Session::find(uint32_t id, std::string_view name) {
  auto found = handles_.find(name);
  if (found != handles_.end()) return &found->second;
  reply_status(id, kFailure, "Bad handle");
  return nullptr;
}

void Session::open_file(uint32_t id, Reader& in) {
  std::string path = absolute(in.text());
  uint32_t wanted = in.u32();
  Attributes attributes = in.attributes();
  int flags = wanted & kOpenRead ? (wanted & kOpenWrite ? O_RDWR : O_RDONLY) : O_WRONLY;
  if (wanted & kOpenAppend) flags |= O_APPEND;
  if (wanted & kOpenCreate) flags |= O_CREAT;
  if (wanted & kOpenTruncate) flags |= O_TRUNC;
  if (wanted & kOpenExclusive) flags |= O_EXCL;
  mode_t mode = attributes.flags & kHasMode ? attributes.mode & 07777 : 0644;
  // Not blocking: a pipe or device must not hang the session, nor be read at all.
  UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode));
  if (!fd) return reply_result(id, -1);
  struct stat info;
  if (fstat(fd.get(), &info) < 0) return reply_result(id, -1);
  if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return reply_status(id, kFailure, "Not a regular file");
  reply_handle(id, {.file = std::move(fd), .append = (wanted & kOpenAppend) != 0});
}

void Session::close_handle(uint32_t id, Reader& in) {
  std::string name(in.text());
  if (!find(id, name)) return;
  handles_.erase(name);
  reply_status(id, kOk, "OK");
}

void Session::read_file(uint32_t id, Reader& in) {
  OpenHandle* handle = find(id, in.text());
  if (!handle) return;
  uint64_t offset = in.u64();
  size_t size = std::min<size_t>(in.u32(), kMaxData);
  Writer writer(kData, size + 8);
  writer.u32(id);
  ssize_t got = writer.fill(size, [&](char* into, size_t most) { return pread(handle->file.get(), into, most, static_cast<off_t>(offset)); });
  if (got < 0) return reply_result(id, -1);
  if (got == 0) return reply_status(id, kEof, "EOF");
  reply(writer);
}

void Session::write_file(uint32_t id, Reader& in) {
  OpenHandle* handle = find(id, in.text());
  if (!handle) return;
  uint64_t offset = in.u64();
  std::string_view data = in.text();
  while (!data.empty()) {
    ssize_t put = handle->append ? write(handle->file.get(), data.data(), data.size()) : pwrite(handle->file.get(), data.data(), data.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return reply_result(id, -1);
    data.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  reply_status(id, kOk, "OK");
}

void Session::lstat_path(uint32_t id, Reader& in) {
  struct stat info;
  int result = lstat(absolute(in.text()).c_str(), &info);
  reply_attributes(id, result, info);
}

void Session::stat_path(uint32_t id, Reader& in) {
  struct stat info;
  int result = stat(absolute(in.text()).c_str(), &info);
  reply_attributes(id, result, info);
}

void Session::stat_handle(uint32_t id, Reader& in) {
  OpenHandle* handle = find(id, in.text());
  if (!handle) return;
  struct stat info;
  int result = fstat(handle->folder ? dirfd(handle->folder.get()) : handle->file.get(), &info);
  reply_attributes(id, result, info);
}

/// Applies what is set; the first failure ends it. -1 with errno.
int apply(int folder, const char* path, int flags, const Attributes& wanted) {
  bool empty = flags & AT_EMPTY_PATH;
  std::string proc = empty ? std::format("/proc/self/fd/{}", folder) : path;
  if (wanted.flags & kHasSize && (empty ? ftruncate(folder, static_cast<off_t>(wanted.size)) : truncate(path, static_cast<off_t>(wanted.size))) < 0) return -1;
  if (wanted.flags & kHasIds && fchownat(folder, path, wanted.uid, wanted.gid, flags) < 0) return -1;
  // After the owner: chown(2) clears the set-id bits.
  if (wanted.flags & kHasMode && (empty ? fchmod(folder, wanted.mode & 07777) : chmod(path, wanted.mode & 07777)) < 0) return -1;
  if (wanted.flags & kHasTimes) {
    timespec times[2] = {{wanted.atime, 0}, {wanted.mtime, 0}};
    if ((empty ? futimens(folder, times) : utimensat(folder, path, times, flags)) < 0) return -1;
  }
  return 0;
}

void Session::set_path(uint32_t id, Reader& in) {
  std::string path = absolute(in.text());
  reply_result(id, apply(AT_FDCWD, path.c_str(), 0, in.attributes()));
}

void Session::set_handle(uint32_t id, Reader& in) {
  OpenHandle* handle = find(id, in.text());
  if (!handle) return;
  reply_result(id, apply(handle->folder ? dirfd(handle->folder.get()) : handle->file.get(), "", AT_EMPTY_PATH, in.attributes()));
}

void Session::open_folder(uint32_t id, Reader& in) {
  DIR* folder = opendir(absolute(in.text()).c_str());
  if (!folder) return reply_result(id, -1);
  OpenHandle handle;
  handle.folder.reset(folder);
  reply_handle(id, std::move(handle));
}

void Session::read_folder(uint32_t id, Reader& in) {
  OpenHandle* handle = find(id, in.text());
  if (!handle || !handle->folder) return handle ? reply_status(id, kFailure, "Not a folder") : void();
  uint32_t count = 0;
  Writer names(0);
  while (count < kNamesPerReply) {
    dirent* entry = readdir(handle->folder.get());
    if (!entry) break;
    std::string name = entry->d_name;
    struct stat info;
    if (name == "." || name == ".." || fstatat(dirfd(handle->folder.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0) continue;
    names.text(name).text(long_name(name, info)).attributes(Attributes::of(info));
    ++count;
  }
  if (count == 0) return reply_status(id, kEof, "EOF");
  Writer writer(kName);
  writer.u32(id).u32(count).raw(std::string_view(names.take()).substr(5));
  reply(writer);
}

void Session::remove(uint32_t id, Reader& in) {
  std::string path = absolute(in.text());
  int result = unlink(path.c_str());
  if (result < 0 && errno == EISDIR) result = rmdir(path.c_str());
  reply_result(id, result);
}

void Session::make_folder(uint32_t id, Reader& in) {
  std::string path = absolute(in.text());
  Attributes attributes = in.attributes();
  reply_result(id, mkdir(path.c_str(), attributes.flags & kHasMode ? attributes.mode & 07777 : 0755));
}

void Session::remove_folder(uint32_t id, Reader& in) { reply_result(id, rmdir(absolute(in.text()).c_str())); }

void Session::real_path(uint32_t id, Reader& in) {
  std::string path = clean(in.text());
  Writer writer(kName);
  writer.u32(id).u32(1).text(path).text(path).attributes({});
  reply(writer);
}

void Session::rename_path(uint32_t id, Reader& in) {
  std::string from = absolute(in.text());
  reply_result(id, rename(from.c_str(), absolute(in.text()).c_str()));
}

void Session::read_link(uint32_t id, Reader& in) {
  std::string target(4096, '\0');
  ssize_t size = readlink(absolute(in.text()).c_str(), target.data(), target.size());
  if (size < 0) return reply_result(id, -1);
  target.resize(static_cast<size_t>(size));
  Writer writer(kName);
  writer.u32(id).u32(1).text(target).text(target).attributes({});
  reply(writer);
}

void Session::make_link(uint32_t id, Reader& in) {
  // OpenSSH's order, which all clients follow: what the link says, then where it is.
  std::string target(in.text());
  reply_result(id, symlink(target.c_str(), absolute(in.text()).c_str()));
}

void Session::stat_filesystem(uint32_t id, const std::string& path) {
  struct statvfs info;
  if (statvfs(path.c_str(), &info) < 0) return reply_result(id, -1);
  Writer writer(kExtendedReply);
  writer.u32(id);
  for (uint64_t value : {static_cast<uint64_t>(info.f_bsize), static_cast<uint64_t>(info.f_frsize), static_cast<uint64_t>(info.f_blocks), static_cast<uint64_t>(info.f_bfree),
                         static_cast<uint64_t>(info.f_bavail), static_cast<uint64_t>(info.f_files), static_cast<uint64_t>(info.f_ffree), static_cast<uint64_t>(info.f_favail),
                         static_cast<uint64_t>(info.f_fsid), static_cast<uint64_t>(info.f_flag & (ST_RDONLY | ST_NOSUID)), static_cast<uint64_t>(info.f_namemax)}) {
    writer.u64(value);
  }
  reply(writer);
}

void Session::extended(uint32_t id, Reader& in) {
  std::string_view name = in.text();
  if (name == "posix-rename@openssh.com") return rename_path(id, in);
  if (name == "statvfs@openssh.com") return stat_filesystem(id, absolute(in.text()));
  if (name == "hardlink@openssh.com") {
    std::string from = absolute(in.text());
    return reply_result(id, link(from.c_str(), absolute(in.text()).c_str()));
  }
  if (name == "fsync@openssh.com") {
    OpenHandle* handle = find(id, in.text());
    return handle ? reply_result(id, fsync(handle->file.get())) : void();
  }
  if (name == kLimits) {
    Writer writer(kExtendedReply);
    writer.u32(id).u64(kMaxPacket).u64(kMaxData).u64(kMaxData).u64(kMaxHandles);
    return reply(writer);
  }
  reply_status(id, kUnsupported, "Unknown extension");
}

Result<> Session::handle(std::string_view packet) {
  Reader in(packet);
  uint8_t type = in.u8();
  if (type == kInit) {
    Writer writer(kVersionReply);
    writer.u32(kVersion);
    for (const char* extension : {"hardlink@openssh.com", "posix-rename@openssh.com"}) writer.text(extension).text("1");
    writer.text("statvfs@openssh.com").text("2").text("fsync@openssh.com").text("1").text(kLimits).text("1");
    return write_all(output_, writer.take());
  }
  uint32_t id = in.u32();
  pending_.clear();
  for (const Row& row : kHandlers) {
    if (row.type == type) row.handler(*this, id, in);
  }
  if (type == kExtended) extended(id, in);
  if (!in.ok()) reply_status(id, kBadMessage, "Bad message");
  if (pending_.empty()) reply_status(id, kUnsupported, "Unknown request");
  return write_all(output_, pending_);
}

/// The input's next `count` bytes into the file. What writing failed with, or 0: the input is used up in either case.
Result<int> Session::splice(int file, uint64_t offset, uint64_t count) {
  int problem = 0;
  while (count > 0) {
    ssize_t got = pipe_->fill(input_, count);
    if (got == 0) return fail(Code::internal, "The SFTP connection ended inside a packet");
    if (got < 0 && errno != EAGAIN && errno != EINTR) return fail_errno("Failed reading an SFTP packet");
    pollfd more{input_, POLLIN, 0};
    if (got < 0) poll(&more, 1, -1);
    if (got < 0) continue;
    auto put = problem ? Result<>() : pipe_->drain_to_file(file, static_cast<int64_t>(offset));
    if (!put) problem = put.error().sys_errno();
    pipe_->discard();
    offset += static_cast<uint64_t>(got);
    count -= static_cast<uint64_t>(got);
  }
  return problem;
}

/// A large write goes past this process. False: it is like any other packet, of which `start` was read so far.
Result<bool> Session::take_write(std::string& start, uint32_t size) {
  uint32_t name_size = Reader(std::string_view(start).substr(kNameAt)).u32();
  if (name_size > kMaxName) return false;
  start += TRY(read_bytes(input_, name_size + sizeof(uint64_t) + sizeof(uint32_t)));
  Reader in(start);
  in.u8();
  uint32_t id = in.u32();
  auto handle = handles_.find(in.text());
  uint64_t offset = in.u64(), count = in.u32();
  if (handle == handles_.end() || !handle->second.file || handle->second.append || count != size - start.size() || offset > INT64_MAX - count) return false;
  if (!pipe_) pipe_ = TRY(SplicePipe::open());
  errno = TRY(splice(handle->second.file.get(), offset, count));
  reply_result(id, errno ? -1 : 0);
  TRY(write_all(output_, pending_));
  return true;
}

Result<> Session::run() {
  while (true) {
    auto size = TRY(read_length(input_));
    if (!size) return {};
    // Of large packets only the beginning at first: the data of a write need not pass through our memory.
    std::string packet = TRY(read_bytes(input_, *size < kLargeWrite ? *size : kNameAt + sizeof(uint32_t)));
    if (*size >= kLargeWrite) {
      if (packet[0] == kWrite && TRY(take_write(packet, *size))) continue;
      packet += TRY(read_bytes(input_, *size - packet.size()));
    }
    TRY(handle(packet));
  }
}

}  // namespace

Result<> serve(int input, int output) {
  umask(0);
  return Session(input, output).run();
}

}  // namespace sys::sftp
