#include "instance/lxc/notify_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "instance/lxc/notify_message.h"
#include "sys/fd_passing.h"
#include "sys/spawn.h"

namespace instance::lxc {
namespace {

/// liblxc gives up after 30 s.
constexpr Duration kHelperTime = seconds(10);
constexpr size_t kForwardedFds = 3;  // the caller's /proc folder, its memory, the seccomp listener

struct Received {
  std::string message;  ///< empty: the other end closed
  std::vector<UniqueFd> fds;
};

/// One message; nothing if none waits.
std::optional<Received> receive_message(int socket) {
  Received out{.message = std::string(kMaxNotifyMessage, '\0'), .fds = {}};
  ssize_t got = sys::receive_with_fds(socket, out.message, out.fds, kForwardedFds, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  out.message.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return out;
}

Result<UniqueFd> make_exchange(const seccomp_notif& request) {
  UniqueFd fd(memfd_create("syscall", MFD_CLOEXEC));
  NotifyExchange exchange{.request = request};
  if (!fd || pwrite(fd.get(), &exchange, sizeof exchange, 0) != sizeof exchange) return fail_errno("Failed making a memory file");
  return fd;
}

Result<sys::Child> start_helper(const Notification& call, const Received& received, const InterceptPolicy& policy, int exchange) {
  auto key = [&](const char* name) { return get_or(policy.config, std::string("security.syscalls.intercept.") + name); };
  sys::SpawnSpec helper = sys::self_spec("forksyscall", {std::to_string(call.init), policy.devices_path, key("mount.allowed"), key("mount.fuse"), key("mount.shift"), key("bpf.devices")});
  helper.environment = StringList{};
  helper.fds = {{received.fds[0].get(), kNotifyProc}, {received.fds[1].get(), kNotifyMemory}, {received.fds[2].get(), kNotifyListener}, {exchange, kNotifyExchange}};
  return sys::spawn(helper);
}

}  // namespace

/// The connection of one monitor.
class NotifyServer::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<NotifyServer> server, UniqueFd fd) : server_(server), runtime_(server->runtime_), find_(server->find_), fd_(std::move(fd)) {}

  void watch() {
    auto next = runtime_.when_readable(fd_.get(), [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->receive();
    });
    std::lock_guard guard(mutex_);
    socket_watch_ = std::move(next);
  }

 private:
  struct Work {
    Received received;
    UniqueFd exchange;
    sys::Child helper;
    std::shared_ptr<async::Runtime::Watch> watch;
    std::shared_ptr<async::Runtime::Timer> deadline;
  };

  void receive() {
    auto received = receive_message(fd_.get());
    if (!received) return watch();
    if (received->message.empty()) return close();
    auto work = std::make_shared<Work>();
    work->received = std::move(*received);
    runtime_.offload([self = shared_from_this(), work] {
      auto begun = self->begin(work);
      if (begun) return;
      log_warn("Failed answering a system call of a container", {{"error", begun.error().message()}});
      self->answer(work->received.message, kContinue);
    });
  }

  Result<> begin(const std::shared_ptr<Work>& work) {
    Notification call = TRY(parse_notification(work->received.message));
    if (work->received.fds.size() != kForwardedFds) return fail(Code::invalid, "A forwarded system call came with {} descriptors", work->received.fds.size());
    auto policy = find_(call.cookie);
    if (!policy) return fail(Code::not_found, "No container {}", quote(call.cookie));
    work->exchange = TRY(make_exchange(call.request));
    work->helper = TRY(start_helper(call, work->received, *policy, work->exchange.get()));
    std::lock_guard guard(mutex_);  // finish() waits until both are in place
    work_ = work;
    work->deadline = runtime_.after(kHelperTime, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->end_helper();
    });
    work->watch = runtime_.when_readable(work->helper.pidfd(), [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->finish();
    });
    return {};
  }

  void end_helper() {
    std::lock_guard guard(mutex_);
    if (work_) (void)work_->helper.kill(SIGKILL);
  }

  void finish() {
    std::shared_ptr<Work> work;
    {
      std::lock_guard guard(mutex_);
      work = std::move(work_);
    }
    if (!work) return;
    NotifyExchange exchange;
    auto ended = work->helper.wait(Context::detached(seconds(1)));
    bool ok = ended && ended->ok() && pread(work->exchange.get(), &exchange, sizeof exchange, 0) == sizeof exchange;
    if (!ok) log_warn("The helper for a system call of a container ended early", {});
    answer(work->received.message, ok ? exchange.answer : kContinue);
  }

  /// A message that was not understood gets an empty answer: liblxc then lets the call fail by itself.
  void answer(const std::string& message, const NotifyAnswer& given) {
    std::string text = parse_notification(message) ? render_answer(message, given) : "";
    if (send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return close();
    watch();
  }

  void close() {
    {
      std::lock_guard guard(mutex_);
      socket_watch_.reset();
    }
    auto server = server_.lock();
    if (!server) return;
    std::lock_guard guard(server->mutex_);
    server->sessions_.erase(this);
  }

  std::weak_ptr<NotifyServer> server_;
  async::Runtime& runtime_;
  const Find find_;
  UniqueFd fd_;
  std::mutex mutex_;  ///< guards what follows
  std::shared_ptr<async::Runtime::Watch> socket_watch_;
  std::shared_ptr<Work> work_;
};

bool NotifyServer::supported() {
  seccomp_notif_sizes sizes{};
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) return false;
  return sizes.seccomp_notif == sizeof(seccomp_notif) && sizes.seccomp_notif_resp == sizeof(seccomp_notif_resp) && sizes.seccomp_data == sizeof(seccomp_data);
}

Result<std::shared_ptr<NotifyServer>> NotifyServer::open(async::Runtime& runtime, std::string path, Find find) {
  if (!supported()) return fail(Code::unsupported, "The kernel can't forward system calls (seccomp notification)");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(Code::invalid, "Socket path {} is longer than {} bytes", quote(path), sizeof address.sun_path - 1);
  memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("Failed to create the socket for system calls");
  unlink(path.c_str());
  // SAFETY: sockaddr_un is made to be passed as a socket address.
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return fail_errno("Failed to bind " + path);
  if (chmod(path.c_str(), 0700) != 0 || listen(fd.get(), SOMAXCONN) != 0) return fail_errno("Failed to listen on " + path);
  std::shared_ptr<NotifyServer> server(new NotifyServer(runtime, std::move(path), std::move(find), std::move(fd)));
  server->watch();
  return server;
}

NotifyServer::~NotifyServer() { unlink(path_.c_str()); }

void NotifyServer::watch() {
  watch_ = runtime_.when_readable(fd_.get(), [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->accept();
  });
}

void NotifyServer::accept() {
  for (;;) {
    UniqueFd fd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) break;
    auto session = std::make_shared<Session>(shared_from_this(), std::move(fd));
    {
      std::lock_guard guard(mutex_);
      sessions_[session.get()] = session;
    }
    session->watch();
  }
  watch();
}

}  // namespace instance::lxc
