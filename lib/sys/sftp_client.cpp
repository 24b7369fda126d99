#include "sys/sftp_client.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <utility>
#include <vector>

namespace sys::sftp {
namespace {

constexpr uint32_t kSmallChunk = 32 << 10;  ///< what every server can take and give in one packet
constexpr size_t kReadAhead = 64 << 10;
constexpr size_t kWindow = 16;         ///< requests under way

class FdChannel : public Channel {
 public:
  explicit FdChannel(UniqueFd fd) : fd_(std::move(fd)) {}
  Result<size_t> read(char* into, size_t count) override {
    ssize_t got;
    while ((got = ::read(fd_.get(), into, count)) < 0 && errno == EINTR) {
    }
    if (got < 0) return fail_errno("Failed reading from the SFTP server");
    return static_cast<size_t>(got);
  }
  Result<> write(std::string_view bytes) override { return sftp::write_all(fd_.get(), bytes); }

 private:
  UniqueFd fd_;
};

Code code_of(uint32_t status) {
  switch (status) {
    case kNoSuchFile: return Code::not_found;
    case kPermissionDenied: return Code::forbidden;
    case kUnsupported: return Code::unsupported;
    default: return Code::internal;
  }
}

struct Reply {
  uint8_t type = 0;
  uint32_t id = 0;
  std::string body;  ///< after the id
};

}  // namespace

Result<> Channel::send_file(int, uint64_t) { return fail(Code::internal, "This connection takes no files"); }

std::unique_ptr<Channel> make_channel(UniqueFd fd) { return std::make_unique<FdChannel>(std::move(fd)); }

struct Client::Impl {
  std::unique_ptr<Channel> channel;
  uint32_t next_id = 1;
  uint32_t chunk = kSmallChunk;  ///< bytes of one read or write
  std::string buffer;            ///< what came, from `start` on still unread
  size_t start = 0;
  std::map<uint32_t, Reply> early;  ///< replies that came before they were asked for

  /// At least `size` unread bytes. Views into the buffer are gone then.
  Result<> fill(size_t size) {
    while (buffer.size() - start < size) {
      buffer.erase(0, std::exchange(start, 0));
      size_t had = buffer.size(), room = std::max(size - had, kReadAhead);
      buffer.resize_and_overwrite(had + room, [](char*, size_t all) { return all; });
      auto got = channel->read(buffer.data() + had, room);
      buffer.resize(had + (got ? *got : 0));
      if (!got) return Failure(got.error());
      if (*got == 0) return fail(Code::internal, "The SFTP server closed the connection");
    }
    return {};
  }

  /// The next packet; valid until the one after it.
  Result<std::string_view> packet() {
    TRY(fill(4));
    uint32_t size = Reader(std::string_view(buffer).substr(start)).u32();
    if (size == 0 || size > kMaxPacket) return fail(Code::internal, "Invalid SFTP packet of {} bytes", size);
    TRY(fill(4 + static_cast<size_t>(size)));
    std::string_view body = std::string_view(buffer).substr(start + 4, size);
    start += 4 + static_cast<size_t>(size);
    return body;
  }

  /// Asks how large packets may be, where the server can tell.
  Result<> learn_limits(Reader hello) {
    bool tells = false;
    while (!hello.done() && hello.ok()) {
      tells |= hello.text() == kLimits;
      hello.text();
    }
    if (!tells) return {};
    Reply reply = TRY(call(kExtended, kExtendedReply, [](Writer& out) { out.text(kLimits); }));
    Reader in(reply.body);
    in.u64();
    uint64_t most = std::min(in.u64(), in.u64());
    if (in.ok()) chunk = static_cast<uint32_t>(std::clamp<uint64_t>(most, kSmallChunk, kMaxData));
    return {};
  }

  Result<Reply> next() {
    std::string_view body = TRY(packet());
    Reader in(body);
    Reply reply{.type = in.u8(), .id = in.u32()};
    if (!in.ok()) return fail(Code::internal, "Broken SFTP reply");
    reply.body = std::string(body.substr(5));
    return reply;
  }

  Result<Reply> wait_for(uint32_t id) {
    auto known = early.find(id);
    if (known != early.end()) {
      Reply reply = std::move(known->second);
      early.erase(known);
      return reply;
    }
    while (true) {
      Reply reply = TRY(next());
      if (reply.id == id) return reply;
      early[reply.id] = std::move(reply);
    }
  }

  /// `fill_in` adds the fields after the id. Returns the id.
  template <class Fill>
  Result<uint32_t> send(uint8_t type, Fill fill_in, size_t expected = 0) {
    uint32_t id = next_id++;
    Writer writer(type, expected);
    writer.u32(id);
    fill_in(writer);
    TRY(channel->write(writer.take()));
    return id;
  }

  template <class Fill>
  Result<Reply> call(uint8_t type, uint8_t expected, Fill fill_in) {
    Reply reply = TRY(wait_for(TRY(send(type, fill_in))));
    if (reply.type == expected && expected != kStatus) return reply;
    TRY(check(reply));
    if (expected == kStatus) return reply;
    return fail(Code::internal, "Unexpected SFTP reply {}", reply.type);
  }

  /// Waits for the oldest answers until only `leave` are under way.
  Result<> settle(std::deque<uint32_t>& pending, size_t leave) {
    while (pending.size() > leave) {
      Reply reply = TRY(wait_for(pending.front()));
      pending.pop_front();
      TRY(check(reply));
    }
    return {};
  }

  /// A status reply as a result.
  static Result<> check(const Reply& reply) {
    if (reply.type != kStatus) return fail(Code::internal, "Unexpected SFTP reply {}", reply.type);
    Reader in(reply.body);
    uint32_t status = in.u32();
    if (status == kOk) return {};
    std::string message(in.text());
    return Failure(Error(code_of(status), message.empty() ? std::format("SFTP error {}", status) : message));
  }
  static bool at_end(const Reply& reply) { return reply.type == kStatus && Reader(reply.body).u32() == kEof; }

  Result<Attributes> attributes(uint8_t type, const std::string& subject) {
    Reply reply = TRY(call(type, kAttributes, [&](Writer& out) { out.text(subject); }));
    return Reader(reply.body).attributes();
  }

  Result<> simple(uint8_t type, const std::string& path) {
    TRY(call(type, kStatus, [&](Writer& out) { out.text(path); }));
    return {};
  }

  Result<std::string> first_name(uint8_t type, const std::string& path) {
    Reply reply = TRY(call(type, kName, [&](Writer& out) { out.text(path); }));
    Reader in(reply.body);
    in.u32();
    return std::string(in.text());
  }
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(std::unique_ptr<Channel> channel) {
  auto impl = std::make_unique<Impl>();
  impl->channel = std::move(channel);
  TRY(impl->channel->write(Writer(kInit).u32(kVersion).take()));
  std::string hello(TRY(impl->packet()));
  Reader in(hello);
  if (in.u8() != kVersionReply || in.u32() < kVersion) return fail(Code::internal, "Unsupported SFTP server");
  TRY(impl->learn_limits(in));
  return Client(std::move(impl));
}

Result<Attributes> Client::stat(const std::string& path) { return impl_->attributes(kStat, path); }
Result<Attributes> Client::lstat(const std::string& path) { return impl_->attributes(kLstat, path); }
Result<Attributes> Client::stat_handle(const std::string& handle) { return impl_->attributes(kFstat, handle); }
Result<std::string> Client::read_link(const std::string& path) { return impl_->first_name(kReadlink, path); }
Result<std::string> Client::real_path(const std::string& path) { return impl_->first_name(kRealpath, path); }
Result<> Client::remove(const std::string& path) {
  auto removed = impl_->simple(kRemove, path);
  if (removed || removed.error().code() == Code::not_found) return removed;
  auto folder = impl_->simple(kRmdir, path);
  return folder ? folder : removed;
}
Result<> Client::remove_folder(const std::string& path) { return impl_->simple(kRmdir, path); }
Result<> Client::close(const std::string& handle) { return impl_->simple(kClose, handle); }

Result<std::vector<Entry>> Client::list(const std::string& path) {
  Reply opened = TRY(impl_->call(kOpendir, kHandle, [&](Writer& out) { out.text(path); }));
  std::string handle(Reader(opened.body).text());
  std::vector<Entry> entries;
  while (true) {
    Reply reply = TRY(impl_->wait_for(TRY(impl_->send(kReaddir, [&](Writer& out) { out.text(handle); }))));
    if (Impl::at_end(reply)) break;
    if (reply.type != kName) TRY(Impl::check(reply));
    Reader in(reply.body);
    for (uint32_t count = in.u32(); count > 0 && in.ok(); --count) {
      std::string name(in.text());
      in.text();
      Attributes attributes = in.attributes();
      if (name != "." && name != "..") entries.push_back({std::move(name), attributes});
    }
  }
  TRY(close(handle));
  return entries;
}

Result<> Client::set_attributes(const std::string& path, const Attributes& wanted) {
  TRY(impl_->call(kSetstat, kStatus, [&](Writer& out) { out.text(path).attributes(wanted); }));
  return {};
}

Result<> Client::make_folder(const std::string& path) {
  TRY(impl_->call(kMkdir, kStatus, [&](Writer& out) { out.text(path).attributes({}); }));
  return {};
}

Result<> Client::remove_tree(const std::string& path) {
  Attributes attributes = TRY(lstat(path));
  if (!S_ISDIR(attributes.mode)) return remove(path);
  for (const Entry& entry : TRY(list(path))) TRY(remove_tree(path + "/" + entry.name));
  return remove_folder(path);
}

Result<> Client::rename(const std::string& from, const std::string& to) {
  TRY(impl_->call(kExtended, kStatus, [&](Writer& out) { out.text("posix-rename@openssh.com").text(from).text(to); }));
  return {};
}

Result<> Client::symlink(const std::string& target, const std::string& path) {
  TRY(impl_->call(kSymlink, kStatus, [&](Writer& out) { out.text(target).text(path); }));
  return {};
}

Result<std::string> Client::open(const std::string& path, uint32_t flags, uint32_t mode) {
  Attributes attributes{.flags = flags & kOpenCreate ? uint32_t{kHasMode} : 0, .mode = mode};
  Reply reply = TRY(impl_->call(kOpen, kHandle, [&](Writer& out) { out.text(path).u32(flags).attributes(attributes); }));
  return std::string(Reader(reply.body).text());
}

Result<> Client::read_all(const std::string& handle, const std::function<Result<>(std::string_view)>& sink) {
  struct Request {
    uint32_t id;
    uint64_t offset;
  };
  const uint32_t chunk = impl_->chunk;
  std::vector<Request> pending;
  uint64_t asked = 0;
  bool ended = false;
  auto ask = [&](uint64_t offset) -> Result<> {
    uint32_t id = TRY(impl_->send(kRead, [&](Writer& out) { out.text(handle).u64(offset).u32(chunk); }));
    pending.push_back({id, offset});
    return {};
  };
  while (!ended || !pending.empty()) {
    for (; !ended && pending.size() < kWindow; asked += chunk) TRY(ask(asked));
    Request request = pending.front();
    pending.erase(pending.begin());
    Reply reply = TRY(impl_->wait_for(request.id));
    if (ended) continue;  // answers to what was asked beyond the end
    if (Impl::at_end(reply)) {
      ended = true;
      continue;
    }
    if (reply.type != kData) TRY(Impl::check(reply));
    std::string_view data = Reader(reply.body).text();
    TRY(sink(data));
    // A short answer in the middle: what follows it was asked too far on.
    if (data.size() < chunk) {
      for (const Request& later : pending) TRY(impl_->wait_for(later.id));
      pending.clear();
      asked = request.offset + data.size();
    }
  }
  return {};
}

Result<> Client::write_all(const std::string& handle, uint64_t offset, const std::function<Result<std::string>()>& source) {
  std::deque<uint32_t> pending;
  while (true) {
    std::string data = TRY(source());
    if (data.empty()) return impl_->settle(pending, 0);
    for (size_t done = 0; done < data.size(); done += impl_->chunk) {
      std::string_view part = std::string_view(data).substr(done, impl_->chunk);
      auto put = [&](Writer& out) { out.text(handle).u64(offset).text(part); };
      pending.push_back(TRY(impl_->send(kWrite, put, part.size() + handle.size() + 32)));
      offset += part.size();
      TRY(impl_->settle(pending, kWindow));
    }
  }
}

namespace {

Result<std::string> read_piece(int file) {
  std::string piece(kMaxData, '\0');
  ssize_t got;
  while ((got = ::read(file, piece.data(), piece.size())) < 0 && errno == EINTR) {
  }
  if (got < 0) return fail_errno("Failed reading the source file");
  piece.resize(static_cast<size_t>(got));
  return piece;
}

}  // namespace

Result<> Client::write_file(const std::string& handle, int file, const std::function<void(uint64_t)>& progress) {
  uint64_t done = 0;
  auto told = [&](size_t count) {
    done += count;
    if (progress) progress(done);
  };
  struct stat info;
  std::deque<uint32_t> pending;
  off_t start = lseek(file, 0, SEEK_CUR);
  if (start >= 0 && impl_->channel->takes_files() && fstat(file, &info) == 0 && S_ISREG(info.st_mode)) {
    while (start + static_cast<off_t>(done) < info.st_size) {
      auto count = static_cast<uint32_t>(std::min<off_t>(info.st_size - start - static_cast<off_t>(done), impl_->chunk));
      uint32_t id = impl_->next_id++;
      TRY(impl_->channel->write(Writer(kWrite).u32(id).text(handle).u64(done).u32(count).take(count)));
      TRY(impl_->channel->send_file(file, count));
      pending.push_back(id);
      told(count);
      TRY(impl_->settle(pending, kWindow));
    }
  }
  TRY(impl_->settle(pending, 0));
  // What a pipe gives, what a connection takes only from memory, and what the file grew meanwhile.
  return write_all(handle, done, [&]() -> Result<std::string> {
    std::string piece = TRY(read_piece(file));
    told(piece.size());
    return piece;
  });
}

}  // namespace sys::sftp
