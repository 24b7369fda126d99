// What QEMU reads and writes as a whole: saved states, pictures, dumps, character devices.
#include <fcntl.h>

#include "api/json_member.h"
#include "base/encode.h"
#include "instance/qemu/hotplug.h"
#include "instance/qemu/plug_common.h"
#include "sys/unix_socket.h"

namespace instance::qemu {
namespace {

/// Waits for the end of a migration, which is how QEMU calls saving and loading.
Result<> await_migration(const Context& ctx, qmp::Client& client) {
  for (milliseconds pause{5};; pause = std::min(pause * 2, milliseconds(200))) {
    Json now = TRY(client.run(ctx, "query-migrate"));
    std::string status = api::member_text(now, "status");
    if (status == "completed") return {};
    if (status == "failed" || status == "cancelled") {
      std::string why = api::member_text(now, "error-desc");
      return fail(Code::internal, "QEMU reports: {}", why.empty() ? status : why);
    }
    if (auto slept = ctx.sleep(pause); !slept) {
      (void)client.run(Context::detached(seconds(10)), "migrate_cancel");
      return slept;
    }
  }
}

/// The name under which QEMU holds the file.
constexpr const char* kName = "incus-state";

}  // namespace

Status status_of(std::string_view run_state) {
  if (run_state == "running" || run_state == "prelaunch") return Status::running;
  for (std::string_view word : {"inmigrate", "postmigrate", "finish-migrate", "save-vm", "suspended", "paused"})
    if (run_state == word) return Status::frozen;
  return Status::error;  // guest-panicked, internal-error, io-error, …
}

Result<std::string> run_state(const Context& ctx, qmp::Client& client) { return api::member_text(TRY(client.run(ctx, "query-status")), "status"); }

Result<> save_state(const Context& ctx, qmp::Client& client, int fd) {
  TRY(client.run(ctx, "stop"));
  // Written as fast as it goes: the machine stands still.
  TRY(client.run(ctx, "migrate-set-parameters", {{"max-bandwidth", int64_t{1} << 60}}));
  Reverter undo;
  TRY(lend_fd(ctx, client, undo, kName, fd));
  TRY(client.run(ctx, "migrate", {{"uri", std::string("fd:") + kName}}));
  undo.commit();
  return await_migration(ctx, client);
}

Result<> load_state(const Context& ctx, qmp::Client& client, int fd) {
  Reverter undo;
  TRY(lend_fd(ctx, client, undo, kName, fd));
  TRY(client.run(ctx, "migrate-incoming", {{"uri", std::string("fd:") + kName}}));
  undo.commit();
  return await_migration(ctx, client);
}

Result<> screenshot(const Context& ctx, qmp::Client& client, int fd) {
  Reverter closed;
  // QEMU takes a descriptor of a set only if it was opened as QEMU would open the file: for writing alone.
  UniqueFd writer(open(std::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_CLOEXEC));
  if (!writer) return fail_errno("Failed opening the picture's file");
  std::string path = TRY(add_fdset(ctx, client, closed, "screenshot", writer.get()));
  TRY_CTX(client.run(ctx, "screendump", {{"filename", path}, {"format", "png"}}), "Failed taking a picture of the screen");
  return {};
}

Result<> dump_memory(const Context& ctx, qmp::Client& client, int fd, const std::string& format) {
  constexpr const char* kDump = "incus-dump";
  Reverter undo;
  TRY(lend_fd(ctx, client, undo, kDump, fd));
  TRY(client.run(ctx, "dump-guest-memory", {{"paging", false}, {"protocol", std::string("fd:") + kDump}, {"format", format}, {"detach", true}}));
  undo.commit();
  for (milliseconds pause{10};; pause = std::min(pause * 2, milliseconds(500))) {
    std::string status = api::member_text(TRY(client.run(ctx, "query-dump")), "status");
    if (status == "completed") return {};
    if (status != "active" && status != "none") return fail(Code::internal, "QEMU failed dumping memory");
    TRY(ctx.sleep(pause));
  }
}

Result<std::string> read_ring(const Context& ctx, qmp::Client& client, const std::string& chardev, size_t limit) {
  constexpr size_t kPiece = 32768;
  std::string out;
  while (out.size() < limit) {
    size_t size = std::min(kPiece, limit - out.size());
    Json answer = TRY(client.run(ctx, "ringbuf-read", {{"device", chardev}, {"size", size}, {"format", "base64"}}));
    auto bytes = base64_decode(answer.is_string() ? answer.get<std::string>() : "");
    if (!bytes) return fail(Code::internal, "QEMU returned the contents of {} in an unknown way", quote(chardev));
    out += *bytes;
    if (bytes->size() < size) break;
  }
  return out;
}

Result<> redirect(const Context& ctx, qmp::Client& client, const std::string& chardev, const std::string& path, size_t ring) {
  if (path.empty()) {
    TRY(client.run(ctx, "chardev-change", {{"id", chardev}, {"backend", {{"type", "ringbuf"}, {"data", {{"size", ring}}}}}}));
    return {};
  }
  // Bound here: QEMU may not be allowed to write in the folder, and the path may be long.
  UniqueFd socket = TRY(sys::listen_unix(path));
  Reverter undo;
  std::string name = "listen-" + chardev;
  TRY(lend_fd(ctx, client, undo, name, socket.get()));
  Json address = {{"type", "fd"}, {"data", {{"str", name}}}};
  TRY(client.run(ctx, "chardev-change", {{"id", chardev}, {"backend", {{"type", "socket"}, {"data", {{"addr", address}, {"server", true}, {"wait", false}}}}}}));
  undo.commit();
  return {};
}

}  // namespace instance::qemu
