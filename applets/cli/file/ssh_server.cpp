// Everything happens in one poll loop per client; libssh only runs while it has something to read or to send, and never blocks.
#include "applets/cli/file/ssh_server.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <list>

#include "base/encode.h"
#include "base/strings.h"

namespace cli {

namespace {

constexpr int kMaxAttempts = 6;
constexpr size_t kMaxChannels = 16;
constexpr uint32_t kPiece = 32 << 10;  ///< what is moved at once, in bytes
constexpr int kPiecesAtOnce = 8;
constexpr auto kLoginTime = std::chrono::minutes(2);

bool equal_in_constant_time(std::string_view a, std::string_view b) { return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

struct Free {
  void operator()(ssh_session session) const { ssh_free(session); }
  void operator()(ssh_event event) const { ssh_event_free(event); }
};
template <class Handle>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Free>;

/// A channel of the client's, from its opening to its end. libssh keeps the bytes that `socket` does not take yet, and with them grants no more.
struct Channel {
  ssh_channel handle;
  UniqueFd socket;       ///< speaks SFTP; empty before the subsystem is asked for and after the end
  std::string waiting;   ///< taken from libssh, not yet by the socket
  bool stalled = false;  ///< libssh has bytes that the socket did not take
  bool ended = false;    ///< the client sends no more
  ssh_channel_callbacks_struct callbacks{};
};

class Client final : public SshClient {
 public:
  Client(const SshOptions& options) : options_(options) {}
  ~Client() override {
    if (watched_) ssh_event_remove_session(event_.get(), session_.get());
  }

  Result<> take(const SshIdentity& identity, UniqueFd socket) {
    session_.reset(ssh_new());
    event_.reset(ssh_event_new());
    if (!session_ || !event_) return fail(Code::internal, "No memory for an SSH session");
    ssh_set_blocking(session_.get(), 0);
    int now = 1;  // answers are small, and the client waits for them
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
    bool good = ssh_bind_accept_fd(identity.get(), session_.get(), socket.get()) == SSH_OK;
    if (ssh_get_fd(session_.get()) == socket.get()) (void)socket.release();  // the session closes it
    if (!good) return fail(Code::internal, "Failed taking an SSH client: {}", ssh_get_error(identity.get()));
    return set_callbacks();
  }

  Result<> serve(const Context& ctx) override {
    auto deadline = std::chrono::steady_clock::now() + kLoginTime;
    while (!watched_ || ssh_is_connected(session_.get())) {
      if (!exchanged_) TRY(exchange_keys());
      TRY(wait(logged_in_ ? ctx : ctx.with_timeout(std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now()))));
      if (ssh_event_dopoll(event_.get(), 0) == SSH_ERROR) break;
      if (attempts_ >= kMaxAttempts) return fail(Code::forbidden, "Too many wrong passwords");
      pump();
    }
    return problem();
  }

 private:
  Result<> set_callbacks() {
    callbacks_.userdata = this;
    callbacks_.auth_none_function = [](ssh_session, const char*, void* self) { return static_cast<Client*>(self)->login(nullptr, nullptr); };
    callbacks_.auth_password_function = [](ssh_session, const char* user, const char* password, void* self) {
      return static_cast<Client*>(self)->login(user, password);
    };
    callbacks_.channel_open_request_session_function = [](ssh_session, void* self) { return static_cast<Client*>(self)->open_channel(); };
    ssh_callbacks_init(&callbacks_);
    ssh_set_auth_methods(session_.get(), SSH_AUTH_METHOD_PASSWORD | (options_.no_login ? SSH_AUTH_METHOD_NONE : 0));
    // What no callback answers is refused right away; libssh would keep it for somebody to fetch.
    ssh_set_message_callback(session_.get(), [](ssh_session, ssh_message, void*) { return 1; }, nullptr);
    return ssh_set_server_callbacks(session_.get(), &callbacks_) == SSH_OK ? Result<>() : fail(Code::internal, "Failed preparing an SSH session");
  }

  Result<> exchange_keys() {
    int state = ssh_handle_key_exchange(session_.get());
    exchanged_ = state == SSH_OK;
    if (state == SSH_ERROR) return fail(Code::invalid, "{}", quote(ssh_get_error(session_.get())));
    // Only the first step makes what the event watches.
    if (!watched_ && ssh_event_add_session(event_.get(), session_.get()) != SSH_OK) return fail(Code::internal, "Failed watching an SSH session");
    watched_ = true;
    return {};
  }

  /// A client that hangs up is no problem.
  Result<> problem() {
    std::string_view text = ssh_get_error(session_.get());
    bool left = text.empty() || text.contains("Socket error: disconnected") || text.contains("Remote host closed connection") || text.contains("SSH_MSG_DISCONNECT");
    return left ? Result<>() : fail(Code::invalid, "{}", quote(text));
  }

  /// Until libssh or a socket can go on.
  Result<> wait(const Context& ctx) {
    bool sending = ssh_get_poll_flags(session_.get()) & SSH_WRITE_PENDING;
    fds_ = {{ssh_get_fd(session_.get()), static_cast<short>(POLLIN | (sending ? POLLOUT : 0)), 0}, {ctx.wake_fd(), POLLIN, 0}};
    for (const Channel& channel : channels_) {
      if (!channel.socket) continue;
      int events = (!sending && ssh_channel_window_size(channel.handle) > 0 ? POLLIN : 0) | (channel.stalled ? POLLOUT : 0);
      fds_.push_back({events ? channel.socket.get() : -1, static_cast<short>(events), 0});
    }
    if (poll(fds_.data(), fds_.size(), ctx.poll_timeout()) < 0 && errno != EINTR) return fail_errno("poll");
    return ctx.check();
  }

  int login(const char* user, const char* password) {
    bool fine = options_.no_login;
    if (!fine && password) {
      // Both are compared in full, so that neither can be guessed by the time it takes.
      bool user_fits = equal_in_constant_time(user, options_.user), password_fits = equal_in_constant_time(password, options_.password);
      fine = user_fits && password_fits;
      if (!fine) ++attempts_;
    }
    logged_in_ = logged_in_ || fine;
    return fine ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
  }

  ssh_channel open_channel() {
    std::erase_if(channels_, [](const Channel& channel) { return ssh_channel_is_closed(channel.handle) && !channel.socket; });
    if (channels_.size() >= kMaxChannels) return nullptr;
    ssh_channel handle = ssh_channel_new(session_.get());
    if (!handle) return nullptr;
    Channel& channel = channels_.emplace_back(Channel{.handle = handle, .socket = {}, .waiting = {}});
    channel.callbacks.userdata = this;
    channel.callbacks.channel_subsystem_request_function = [](ssh_session, ssh_channel which, const char* name, void* self) {
      return static_cast<Client*>(self)->start_sftp(which, name);
    };
    channel.callbacks.channel_data_function = [](ssh_session, ssh_channel which, void* bytes, uint32_t size, int is_stderr, void* self) {
      return static_cast<Client*>(self)->receive(which, bytes, size, is_stderr);
    };
    channel.callbacks.channel_eof_function = [](ssh_session, ssh_channel which, void* self) { static_cast<Client*>(self)->end(which, false); };
    channel.callbacks.channel_close_function = [](ssh_session, ssh_channel which, void* self) { static_cast<Client*>(self)->end(which, true); };
    ssh_callbacks_init(&channel.callbacks);
    ssh_set_channel_callbacks(handle, &channel.callbacks);
    return handle;
  }

  Channel* find(ssh_channel handle) {
    auto found = std::ranges::find(channels_, handle, &Channel::handle);
    return found == channels_.end() ? nullptr : &*found;
  }

  /// 0: granted.
  int start_sftp(ssh_channel which, std::string_view name) {
    Channel* channel = find(which);
    if (!channel || channel->socket || name != "sftp") return 1;
    auto socket = options_.open_sftp();
    if (socket) channel->socket = std::move(*socket);
    return socket ? 0 : 1;
  }

  /// How many of the bytes are dealt with; libssh keeps the others.
  int receive(ssh_channel which, const void* bytes, uint32_t size, bool is_stderr) {
    Channel* channel = find(which);
    if (!channel || !channel->socket || is_stderr) return static_cast<int>(size);
    if (channel->stalled) return 0;
    ssize_t sent = send(channel->socket.get(), bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) sent = errno == EAGAIN || errno == EINTR ? 0 : static_cast<ssize_t>(size);  // the other end is gone, as pump() will see
    channel->stalled = sent < static_cast<ssize_t>(size);
    return static_cast<int>(sent);
  }

  void end(ssh_channel which, bool closed) {
    Channel* channel = find(which);
    if (!channel || !channel->socket) return;
    channel->ended = true;
    if (closed) channel->socket.reset();
    else if (!channel->stalled) shutdown(channel->socket.get(), SHUT_WR);
  }

  void pump() {
    for (Channel& channel : channels_) {
      short events = 0;
      for (const pollfd& entry : fds_)
        if (channel.socket && entry.fd == channel.socket.get()) events = entry.revents;
      if (channel.socket && (events & (POLLOUT | POLLERR))) send_waiting(channel);
      if (channel.socket && (events & (POLLIN | POLLHUP | POLLERR))) send_answer(channel);
    }
  }

  void send_waiting(Channel& channel) {
    while (true) {
      if (channel.waiting.empty()) {
        channel.waiting.resize(kPiece);
        int size = ssh_channel_read_nonblocking(channel.handle, channel.waiting.data(), kPiece, 0);
        channel.waiting.resize(static_cast<size_t>(std::max(size, 0)));
      }
      if (channel.waiting.empty()) break;
      ssize_t sent = send(channel.socket.get(), channel.waiting.data(), channel.waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (sent < 0) return close(channel);
      channel.waiting.erase(0, static_cast<size_t>(sent));
    }
    channel.stalled = false;
    if (channel.ended) shutdown(channel.socket.get(), SHUT_WR);
  }

  /// Several pieces at once: each round of the loop costs the kernel three looks at all descriptors.
  void send_answer(Channel& channel) {
    char bytes[kPiece];
    for (int piece = 0; piece < kPiecesAtOnce; ++piece) {
      uint32_t room = std::min(ssh_channel_window_size(channel.handle), kPiece);
      if (room == 0) return;
      ssize_t count = recv(channel.socket.get(), bytes, room, MSG_DONTWAIT);
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (count <= 0 || ssh_channel_write(channel.handle, bytes, static_cast<uint32_t>(count)) != count) return close(channel);
    }
  }

  void close(Channel& channel) {
    channel.socket.reset();
    ssh_channel_send_eof(channel.handle);
    ssh_channel_close(channel.handle);
  }

  const SshOptions& options_;
  ssh_server_callbacks_struct callbacks_{};
  std::list<Channel> channels_;  ///< libssh points into them
  std::vector<pollfd> fds_;
  Owned<ssh_session> session_;  ///< frees the channels' handles
  Owned<ssh_event> event_;
  bool watched_ = false, exchanged_ = false, logged_in_ = false;
  int attempts_ = 0;
};

}  // namespace

Result<SshIdentity> SshIdentity::generate() {
  if (ssh_init() != SSH_OK) return fail(Code::internal, "Failed preparing the SSH library");
  SshIdentity identity;
  identity.bind_.reset(ssh_bind_new(), ssh_bind_free);
  ssh_key key = nullptr;
  bool no = false;
  bool good = identity.bind_ && ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) == SSH_OK &&
              ssh_bind_options_set(identity.get(), SSH_BIND_OPTIONS_PROCESS_CONFIG, &no) == SSH_OK &&  // not the files of the host's sshd
              ssh_bind_options_set(identity.get(), SSH_BIND_OPTIONS_IMPORT_KEY, key) == SSH_OK;
  if (!good) return fail(Code::internal, "Failed making an SSH host key");
  return identity;
}

Result<std::unique_ptr<SshClient>> SshClient::accept(const SshIdentity& identity, UniqueFd socket, const SshOptions& options) {
  auto client = std::make_unique<Client>(options);
  TRY(client->take(identity, std::move(socket)));
  return client;
}

}  // namespace cli
