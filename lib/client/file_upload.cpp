#include "client/file_upload.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace client {

struct FileUpload::State {
  struct Part {
    std::string text;
    int fd;
    uint64_t size;
  };
  std::vector<Part> parts;
  size_t at = 0;        ///< the part under way
  uint64_t offset = 0;  ///< in that part
  uint64_t done = 0, total = 0;
  std::function<void(uint64_t, uint64_t)> tell;

  void add(Part part) {
    total += part.size;
    parts.push_back(std::move(part));
  }
  void moved(uint64_t count) {
    offset += count;
    done += count;
    if (tell) tell(done, total);
  }
  /// The part that has something left.
  Part* current() {
    for (; at < parts.size(); ++at, offset = 0) {
      if (offset < parts[at].size) return &parts[at];
    }
    return nullptr;
  }
};

namespace {

Result<size_t> read_file(const Context& ctx, int fd, std::span<char> buffer) {
  for (;;) {
    ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n >= 0) return static_cast<size_t>(n);
    if (errno == EAGAIN) TRY(ctx.wait_fd(fd, POLLIN));
    else if (errno != EINTR) return fail_errno("Failed reading the upload");
    TRY(ctx.check());
  }
}

}  // namespace

FileUpload::FileUpload() : state_(std::make_shared<State>()) {}

void FileUpload::text(std::string value) {
  uint64_t size = value.size();
  state_->add({std::move(value), -1, size});
}

Result<> FileUpload::file(int fd, int64_t size) {
  struct stat info;
  if (fstat(fd, &info) != 0) return fail_errno("Failed reading the upload");
  if (size < 0) size = std::max<int64_t>(0, info.st_size - std::max<int64_t>(lseek(fd, 0, SEEK_CUR), 0));
  state_->add({"", fd, static_cast<uint64_t>(size)});
  return {};
}

void FileUpload::on_progress(std::function<void(uint64_t, uint64_t)> tell) { state_->tell = std::move(tell); }

Upload FileUpload::upload() const { return {.read = *this, .size = state_->total}; }

Result<size_t> FileUpload::operator()(const Context& ctx, std::span<char> buffer) const {
  State::Part* part = state_->current();
  if (!part) return 0;
  uint64_t room = std::min<uint64_t>(buffer.size(), part->size - state_->offset);
  size_t got = part->fd < 0 ? part->text.copy(buffer.data(), room, state_->offset) : TRY(read_file(ctx, part->fd, buffer.first(room)));
  state_->moved(got);
  return got;
}

Result<> FileUpload::send(const Context& ctx, http::Transport& transport) const {
  while (State::Part* part = state_->current()) {
    TRY(ctx.check());
    http::Io io;
    if (part->fd < 0) io = TRY(transport.write(std::string_view(part->text).substr(state_->offset)));
    else io = TRY(transport.send_file(part->fd, part->size - state_->offset));
    if (io.end()) return fail(Code::invalid, "The upload ended {} bytes early", state_->total - state_->done);
    if (io.wait) TRY(ctx.wait_fd(transport.fd(), io.wait));
    state_->moved(io.bytes);
  }
  return {};
}

Upload upload_fd(int fd) {
  struct stat info;
  FileUpload file;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && file.file(fd)) return file.upload();
  return {.read = [fd](const Context& ctx, std::span<char> buffer) { return read_file(ctx, fd, buffer); }, .size = {}};
}

}  // namespace client
