#include "applets/cli/file/remote_files.h"

#include <filesystem>

#include "http/socket_stream.h"

namespace cli {
namespace {

/// SFTP over an upgraded API connection.
class StreamChannel : public sys::sftp::Channel {
 public:
  StreamChannel(std::shared_ptr<http::Stream> stream, Context ctx) : stream_(std::move(stream)), ctx_(std::move(ctx)) {}
  ~StreamChannel() override { stream_->close(); }
  Result<size_t> read(char* into, size_t count) override { return stream_->read(ctx_, {into, count}); }
  Result<> write(std::string_view bytes) override { return stream_->write(ctx_, bytes); }
  bool takes_files() const override { return http::files_by_kernel(*stream_); }
  Result<> send_file(int file, uint64_t count) override { return http::send_file(ctx_, *stream_, file, count); }

 private:
  std::shared_ptr<http::Stream> stream_;
  Context ctx_;
};

}  // namespace

Result<Ownership> ownership_flags(Call& call) {
  Ownership owner{call.flags.number("uid"), call.flags.number("gid"), -1};
  if (std::string text = call.flags.text("mode"); !text.empty()) {
    auto mode = parse_uint(text.starts_with("0o") ? std::string_view(text).substr(2) : text, 8);
    if (!mode || *mode > 07777) return fail(Code::invalid, "Invalid mode {}: use octal digits such as 0644", quote(text));
    owner.mode = static_cast<int64_t>(*mode);
  }
  return owner;
}

Result<Following> following_flags(Call& call) {
  bool archive = call.flags.on("archive");
  Following flags{call.flags.on("recursive") || archive, call.flags.on("follow"), call.flags.on("dereference"), call.flags.on("no-dereference") || archive};
  if (flags.follow + flags.dereference + call.flags.on("no-dereference") > 1) {
    return fail(Code::invalid, "Only one of --follow/-H, --dereference/-L and --no-dereference/-P can be used");
  }
  return flags;
}

Result<RemoteFiles> RemoteFiles::connect(Call& call, const FilePlace& place) {
  client::Server server = place.server;
  auto stream = TRY(server.upgrade(call.ctx, place.sftp, "sftp"));
  return RemoteFiles(TRY(sys::sftp::Client::connect(std::make_unique<StreamChannel>(std::move(stream), call.ctx))));
}

Result<> RemoteFiles::set_owner(const std::string& path, const Ownership& owner) {
  sys::sftp::Attributes wanted;
  if (owner.uid >= 0 || owner.gid >= 0) {
    auto now = TRY(client_.stat(path));
    wanted.flags |= sys::sftp::kHasIds;
    wanted.uid = owner.uid >= 0 ? static_cast<uint32_t>(owner.uid) : now.uid;
    wanted.gid = owner.gid >= 0 ? static_cast<uint32_t>(owner.gid) : now.gid;
  }
  if (owner.mode >= 0) {
    wanted.flags |= sys::sftp::kHasMode;
    wanted.mode = static_cast<uint32_t>(owner.mode);
  }
  return wanted.flags ? client_.set_attributes(path, wanted) : Result<>{};
}

namespace {

/// Servers word the absence of a file differently.
template <class T>
Result<T> absence_told(Result<T> result) {
  if (!result && result.error().code() == Code::not_found) return fail(Code::not_found, "file does not exist");
  return result;
}

}  // namespace

Result<sys::sftp::Attributes> RemoteFiles::lstat(const std::string& path) { return absence_told(client_.lstat(path)); }

Result<> RemoteFiles::write_file(const std::string& path, const Ownership& owner, int source, const std::function<void(uint64_t)>& progress) {
  using namespace sys::sftp;
  std::string handle = TRY_CTX(absence_told(client_.open(path, kOpenWrite | kOpenCreate | kOpenTruncate)), "Failed to open target file {}", quote(path));
  auto written = source < 0 ? Result<>() : client_.write_file(handle, source, progress);
  TRY(client_.close(handle));
  TRY(std::move(written));
  return set_owner(path, owner);
}

Result<> RemoteFiles::make_folder(const std::string& path, const Ownership& owner) {
  auto there = client_.stat(path);
  if (there && !is_folder(*there)) return fail(Code::invalid, "{} is not a directory", path);
  if (!there) TRY(client_.make_folder(path));
  return set_owner(path, owner);
}

Result<> RemoteFiles::make_folders(const std::string& path, const Ownership& owner) {
  std::string current;
  for (const std::string& part : split_list(path, '/')) {
    current += "/" + part;
    auto there = client_.stat(current);
    if (there && !is_folder(*there)) return fail(Code::invalid, "{} is not a directory", current);
    if (there) continue;
    TRY(make_folder(current, {std::max<int64_t>(owner.uid, 0), std::max<int64_t>(owner.gid, 0), owner.mode}));
  }
  return {};
}

Result<> RemoteFiles::make_link(const std::string& target, const std::string& path) {
  if (auto there = client_.lstat(path); there && is_link(*there)) TRY(client_.remove(path));
  return client_.symlink(target, path);
}

namespace {

/// The name and the path of "<name>[/<path>]".
std::pair<std::string, std::string> name_and_path(const Arg& object) {
  if (object.parts.empty()) return {object.text, ""};
  return {object.parts[0].text, object.parts.size() > 1 && !object.parts[1].skipped ? "/" + object.parts[1].text : ""};
}

Result<FilePlace> place_at(Call& call, const std::string& remote, std::string sftp, const std::string& path) {
  std::string typed = path;
  while (typed.ends_with('/')) typed.pop_back();
  std::string name = typed.substr(typed.rfind('/') + 1);
  if (name == "." || name == "..") name.clear();
  return FilePlace{TRY(call.server(remote)), std::move(sftp), path.empty() ? "" : clean_path(path), path.ends_with('/') && path.size() > 1, name};
}

}  // namespace

Result<FilePlace> instance_place(Call& call, const Arg& arg) {
  auto [name, path] = name_and_path(arg.object());
  return place_at(call, arg.remote, "/1.0/instances/" + url_escape(name) + "/sftp", path);
}

Result<FilePlace> volume_place(Call& call, const Arg& pool, const Arg& volume) {
  auto [name, path] = name_and_path(volume);
  return place_at(call, pool.remote, std::format("/1.0/storage-pools/{}/volumes/custom/{}/sftp", url_escape(pool.object().text), url_escape(name)), path);
}

std::string clean_path(const std::string& path) {
  std::string clean = std::filesystem::path("/" + path).lexically_normal().string();
  while (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  while (clean.starts_with("//")) clean.erase(0, 1);
  return clean;
}

}  // namespace cli
