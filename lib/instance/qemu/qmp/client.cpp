#include "instance/qemu/qmp/client.h"

#include <condition_variable>
#include <list>
#include <mutex>

#include "api/json_member.h"
#include "base/strings.h"
#include "instance/qemu/qmp/connection.h"
#include "sys/unix_socket.h"

namespace instance::qemu::qmp {
namespace {

constexpr seconds kGreetingTimeout{10};
/// Commands under way at once; more are refused rather than piled up behind a QEMU that hangs.
constexpr size_t kMaxCalls = 64;

Error broken(std::string_view why) { return Error(Code::unavailable, std::format("The connection to QEMU is lost: {}", why)); }

/// What an "error" member means to a caller.
Error error_of(const std::string& command, const Json& error) {
  std::string kind = api::member_text(error, "class");
  std::string words = api::member_text(error, "desc");
  Code code = kind == "DeviceNotFound" ? Code::not_found : kind == "CommandNotFound" ? Code::unsupported : Code::internal;
  return Error(code, std::format("QMP command {} failed: {}", quote(command), words.empty() ? "no reason given" : words));
}

}  // namespace

/// The calls that wait, and the connection their answers come by.
struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
  struct Call {
    uint64_t id = 0;
    std::string command;
    bool done = false;
    Result<Json> outcome;
  };

  explicit Impl(Handlers given) : handlers(std::move(given)) {}

  void on_line(std::string_view line);
  void on_closed(std::string_view why);
  void answer(const Json& message);
  /// Waits for `call`, which is in `calls`, and takes it out. Blocks.
  Result<Json> wait(const Context& ctx, std::list<Call>::iterator call);

  Handlers handlers;
  std::shared_ptr<Connection> connection;
  std::mutex mutex;  ///< guards everything below
  std::condition_variable_any changed;
  std::list<Call> calls;
  uint64_t next_id = 1;
  bool greeted = false, open = true;
  std::string why_closed = "closed";
};

void Client::Impl::answer(const Json& message) {
  auto id = message.find("id");
  std::lock_guard guard(mutex);
  for (Call& call : calls) {
    if (id == message.end() || !id->is_number_unsigned() || id->get<uint64_t>() != call.id || call.done) continue;
    if (auto error = message.find("error"); error != message.end()) call.outcome = Failure(error_of(call.command, *error));
    else call.outcome = message.at("return");
    call.done = true;
    changed.notify_all();
    return;
  }
  // An answer nobody waits for came too late.
}

void Client::Impl::on_line(std::string_view line) {
  auto message = api::parse_json(line, 32);
  if (!message || !message->is_object()) return connection->close("QEMU sent something that is no JSON object");
  if (message->contains("QMP")) {
    std::lock_guard guard(mutex);
    greeted = true;
    return changed.notify_all();
  }
  if (message->contains("return") || message->contains("error")) return answer(*message);
  std::string name = api::member_text(*message, "event");
  if (name.empty()) return connection->close("QEMU sent something that is neither answer nor event");
  if (!handlers.event) return;
  auto data = message->find("data");
  handlers.event({name, data != message->end() && data->is_object() ? std::move(*data) : Json::object()});
}

void Client::Impl::on_closed(std::string_view why) {
  {
    std::lock_guard guard(mutex);
    if (!open) return;
    open = false;
    why_closed = why;
    changed.notify_all();
  }
  if (handlers.closed) handlers.closed();
}

Result<Json> Client::Impl::wait(const Context& ctx, std::list<Call>::iterator call) {
  std::unique_lock lock(mutex);
  changed.wait_until(lock, ctx.stop_token(), ctx.deadline(), [&] { return call->done || !open; });
  Result<Json> outcome = std::move(call->outcome);
  bool done = call->done, lost = !open;
  std::string command = std::move(call->command), why = why_closed;
  calls.erase(call);
  lock.unlock();
  if (done) return outcome;
  if (lost) return Failure(broken(why));
  TRY_CTX(ctx.check(), "QEMU did not answer the command {}", quote(command));
  return fail(Code::timeout, "QEMU did not answer the command {}", quote(command));
}

Result<Json> Client::run(const Context& ctx, std::string_view command, const Json& arguments, const std::vector<int>& fds, seconds patience) {
  TRY(ctx.check());
  std::list<Impl::Call>::iterator call;
  {
    std::lock_guard guard(impl_->mutex);
    if (!impl_->open) return Failure(broken(impl_->why_closed));
    if (impl_->calls.size() >= kMaxCalls) return fail(Code::unavailable, "QEMU is busy: {} commands wait for it", kMaxCalls);
    call = impl_->calls.insert(impl_->calls.end(), {.id = impl_->next_id++, .command = std::string(command), .outcome = Json()});
  }
  Json message = {{"execute", command}, {"id", call->id}};
  if (!arguments.is_null()) message["arguments"] = arguments;
  auto sent = impl_->connection->send(api::dump_json(message) + "\n", fds);
  if (!sent) {
    std::lock_guard guard(impl_->mutex);
    impl_->calls.erase(call);
    return Failure(sent.error());
  }
  return impl_->wait(ctx.with_timeout(patience), call);
}

Result<std::shared_ptr<Client>> Client::adopt(const Context& ctx, async::Runtime& runtime, UniqueFd socket, Handlers handlers) {
  auto impl = std::make_shared<Impl>(std::move(handlers));
  // The connection is kept by the client, not the other way round: who drops the client ends it.
  std::weak_ptr<Impl> weak = impl;
  impl->connection = Connection::start(runtime, std::move(socket), {
      .line = [weak](std::string_view line) { if (auto self = weak.lock()) self->on_line(line); },
      .closed = [weak](std::string_view why) { if (auto self = weak.lock()) self->on_closed(why); },
  });
  std::shared_ptr<Client> client(new Client(impl));
  impl->connection->read();
  Context patient = ctx.with_timeout(kGreetingTimeout);
  {
    std::unique_lock lock(impl->mutex);
    impl->changed.wait_until(lock, patient.stop_token(), patient.deadline(), [&] { return impl->greeted || !impl->open; });
    if (!impl->open) return Failure(broken(impl->why_closed));
    if (!impl->greeted) {
      lock.unlock();
      TRY(ctx.check());
      return fail(Code::timeout, "QEMU does not speak on its control socket (it hangs, or somebody else is connected)");
    }
  }
  TRY(client->run(patient, "qmp_capabilities"));
  return client;
}

Result<std::shared_ptr<Client>> Client::connect(const Context& ctx, async::Runtime& runtime, const std::string& path, Handlers handlers) {
  auto socket = sys::connect_unix(path);
  if (!socket && socket.error().code() == Code::not_found) return fail(Code::not_found, "QEMU does not listen on {}", quote(path));
  if (!socket) return Failure(std::move(socket).error().wrap("Failed reaching QEMU"));
  return adopt(ctx, runtime, std::move(*socket), std::move(handlers));
}

Client::~Client() { close(); }

bool Client::connected() const {
  std::lock_guard guard(impl_->mutex);
  return impl_->open;
}

void Client::close() {
  {
    std::lock_guard guard(impl_->mutex);
    impl_->open = false;
    impl_->changed.notify_all();
  }
  impl_->connection->close("closed");
}

}  // namespace instance::qemu::qmp
