#include "applets/daemon/routes/file_transfer.h"

#include <sys/stat.h>

#include <filesystem>

#include "http/stream.h"

namespace incusd {
namespace {

using http::Method;
using sys::sftp::Attributes;
using sys::sftp::Client;

std::string_view type_of(const Attributes& attributes) {
  uint32_t mode = attributes.mode;
  return S_ISDIR(mode) ? "directory" : S_ISLNK(mode) ? "symlink" : "file";
}

/// The path asked for, from the root of the instance.
Result<std::string> path_of(Call& call) {
  std::string path = call.query("path");
  if (path.empty()) return fail(Code::invalid, "Missing path argument");
  return path.starts_with('/') ? path : "/" + path;
}

std::string base_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

void describe(http::Headers& headers, const Attributes& attributes) {
  headers.set("X-Incus-uid", std::to_string(attributes.uid));
  headers.set("X-Incus-gid", std::to_string(attributes.gid));
  headers.set("X-Incus-mode", std::format("{:04o}", attributes.mode & 0777));
  headers.set("X-Incus-modified", Timestamp::from_unix(attributes.mtime).format("%Y-%m-%d %H:%M:%S +0000 UTC"));
  headers.set("X-Incus-type", std::string(type_of(attributes)));
}

/// `../x` seen from `path`'s folder, without dots.
std::string link_target(const std::string& path, const std::string& target) {
  if (target.starts_with('/')) return std::filesystem::path(target).lexically_normal();
  return (std::filesystem::path(path).parent_path() / target).lexically_normal();
}

Result<Reply> get_file(Call& call, std::shared_ptr<Client> client, std::shared_ptr<void> hold, const std::string& path) {
  Attributes attributes = TRY(client->lstat(path));
  std::string_view type = type_of(attributes);
  http::Response response;
  describe(response.headers, attributes);
  if (call.request.method == Method::head) {
    if (type == "file") {
      response.headers.set("Content-Type", "application/octet-stream");
      response.headers.set("Content-Length", std::to_string(attributes.size));
    }
    return raw(std::move(response));
  }
  if (type == "directory") {
    StringList names;
    for (const auto& entry : TRY(client->list(path))) names.push_back(entry.name);
    Reply reply = ok(names.empty() ? "[]" : api::dump(names));
    reply.response.headers = response.headers;
    return reply;
  }
  response.headers.set("Content-Disposition", "inline;filename=" + quote(base_name(path)));
  response.headers.set("Content-Type", "application/octet-stream");
  if (type == "symlink") {
    response.body = link_target(path, TRY(client->read_link(path)));
    return raw(std::move(response));
  }
  std::string handle = TRY(client->open(path, sys::sftp::kOpenRead));
  response.writer = [client, hold, handle](const Context& ctx, http::Stream& stream) -> Result<> {
    return client->read_all(handle, [&](std::string_view bytes) { return stream.write(ctx, bytes); });
  };
  return raw(std::move(response));
}

/// What the X-Incus-* headers of an upload ask for; -1: not said.
struct Wanted {
  int64_t uid = -1, gid = -1, mode = -1;
  std::string type, write;
};

Wanted wanted_of(const http::Headers& headers) {
  Wanted out;
  out.uid = parse_int(headers.get("X-Incus-uid")).value_or(-1);
  out.gid = parse_int(headers.get("X-Incus-gid")).value_or(-1);
  std::string mode = headers.get("X-Incus-mode");
  if (!mode.empty()) out.mode = parse_int(mode, mode.starts_with('0') ? 8 : 10).value_or(-1);
  if (out.mode >= 0) out.mode &= 0777;
  out.type = headers.get("X-Incus-type");
  if (out.type.empty()) out.type = "file";
  out.write = headers.get("X-Incus-write");
  if (out.write.empty()) out.write = "overwrite";
  return out;
}

Result<> apply(Client& client, const std::string& path, const Wanted& wanted) {
  Attributes change;
  if (wanted.mode >= 0) {
    change.flags |= sys::sftp::kHasMode;
    change.mode = static_cast<uint32_t>(wanted.mode);
  }
  if (wanted.uid >= 0 || wanted.gid >= 0) {
    Attributes now = TRY(client.stat(path));
    change.flags |= sys::sftp::kHasIds;
    change.uid = wanted.uid >= 0 ? static_cast<uint32_t>(wanted.uid) : now.uid;
    change.gid = wanted.gid >= 0 ? static_cast<uint32_t>(wanted.gid) : now.gid;
  }
  return change.flags ? client.set_attributes(path, change) : Result<>();
}

Result<> push_file(Call& call, Client& client, const std::string& path, const Wanted& wanted, bool exists) {
  uint32_t flags = sys::sftp::kOpenWrite | sys::sftp::kOpenRead;
  if (wanted.write == "overwrite") flags |= sys::sftp::kOpenCreate | sys::sftp::kOpenTruncate;
  std::string handle = TRY(client.open(path, flags));
  uint64_t offset = wanted.write == "append" ? TRY(client.stat_handle(handle)).size : 0;
  std::vector<char> buffer(128 << 10);
  auto source = [&]() -> Result<std::string> {
    size_t got = TRY(call.request.stream->read(call.ctx, buffer));
    return std::string(buffer.data(), got);
  };
  auto written = client.write_all(handle, offset, source);
  auto closed = client.close(handle);
  TRY(std::move(written));
  TRY(std::move(closed));
  return exists ? Result<>() : apply(client, path, wanted);
}

Result<std::string> small_body(Call& call) {
  std::string out;
  std::vector<char> buffer(4096);
  for (size_t got; (got = TRY(call.request.stream->read(call.ctx, buffer))) > 0;) {
    out.append(buffer.data(), got);
    if (out.size() > 4096) return fail(Code::invalid, "The target of a link is too long");
  }
  return out;
}

Result<bool> push(Call& call, Client& client, const std::string& path) {
  Wanted wanted = wanted_of(call.request.headers);
  if (wanted.write != "overwrite" && wanted.write != "append") return fail(Code::invalid, "Bad file write mode: {}", wanted.write);
  bool exists = client.stat(path).has_value();
  if (wanted.type == "file") {
    TRY(push_file(call, client, path, wanted, exists));
  } else if (wanted.type == "symlink") {
    std::string target = TRY(small_body(call));
    auto current = client.read_link(path);
    if (current && *current == target) return false;
    TRY(client.symlink(target, path));
  } else if (wanted.type == "directory") {
    if (exists) return false;
    TRY(client.make_folder(path));
    if (wanted.mode < 0) wanted.mode = 0755;
    TRY(apply(client, path, wanted));
  } else {
    return fail(Code::invalid, "Bad file type: {}", wanted.type);
  }
  return true;
}

}  // namespace

Result<Reply> transfer_file(Call& call, Client client, std::shared_ptr<void> hold, const FileEvent& event) {
  std::string path = TRY(path_of(call));
  auto shared = std::make_shared<Client>(std::move(client));
  switch (call.request.method) {
    case Method::head: return get_file(call, shared, hold, path);
    case Method::get: {
      auto reply = get_file(call, shared, hold, path);
      if (reply) event("retrieved");
      return reply;
    }
    case Method::post: {
      if (TRY(push(call, *shared, path))) event("pushed");
      return ok();
    }
    case Method::delete_: {
      TRY(is_true(call.request.headers.get("X-Incus-force")) ? shared->remove_tree(path) : shared->remove(path));
      event("deleted");
      return ok();
    }
    default: return fail(Code::unsupported, "Method not supported for files");
  }
}

}  // namespace incusd
