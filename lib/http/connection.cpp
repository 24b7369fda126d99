#include "http/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/as_tuple.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <format>

#include "async/runtime.h"
#include "base/log.h"
#include "http/body_stream.h"
#include "http/certificate.h"
#include "http/proxy_header.h"
#include "http/socket_stream.h"
#include "http/status.h"
#include "http/tls.h"
#include "http/websocket_frame.h"

namespace http {

namespace {

constexpr size_t kMaxBody = 1 << 20;
constexpr size_t kMaxDrain = 256 << 10;  // of a body nobody read, before the connection is given up
constexpr size_t kFlushAt = 64 << 10;
constexpr seconds kHeadTime{30};         // from a head's first byte to its last
constexpr seconds kHandshakeTime{10};
constexpr seconds kLingerTime{2};
constexpr milliseconds kProxyPause{10};
constexpr std::string_view kStartTls = "STARTTLS\n";

/// The peer closed its side or is gone; unread input does not matter.
bool hung_up(int fd) {
  pollfd entry{fd, POLLRDHUP, 0};
  return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

std::string& spare_buffer() {
  thread_local std::string buffer;
  return buffer;
}

bool has_token(std::string_view list, std::string_view token) {
  for (const std::string& item : split_list(list)) {
    if (iequals(item, token)) return true;
  }
  return false;
}

}  // namespace

void ServerShared::add(const std::shared_ptr<Connection>& connection, const std::shared_ptr<Transport>& transport) {
  std::lock_guard lock(mutex);
  if (connections.size() == connections.capacity()) {  // before the vector grows: forget those that ended
    std::erase_if(connections, [](const auto& entry) { return entry.expired(); });
    std::erase_if(transports, [](const auto& entry) { return entry.expired(); });
  }
  connections.push_back(connection);
  transports.push_back(transport);
}

/// A request on its way through a worker.
struct Connection::Job {
  Plan plan;
  Response response;
  std::stop_source stop;
  std::shared_ptr<BodyStream> body;
  bool sent = false;
  bool failed = false;
  bool hangup_watched = false;
};

Connection::Connection(std::shared_ptr<ServerShared> shared, asio::io_context& io, std::shared_ptr<Transport> transport, Peer peer)
    : shared_(std::move(shared)), io_(io), link_(std::make_unique<Link>(io, std::move(transport))) {
  request_.peer = std::move(peer);
}

void Connection::close_if_idle() {
  if (idle_ && link_) link_->transport->abort();
}

Result<std::shared_ptr<TlsContext>> ServerShared::starttls_context() {
  std::lock_guard lock(mutex);
  if (!starttls_) {
    if (!starttls_identity) return fail(Code::unsupported, "TLS isn't offered on this socket");
    TlsIdentity identity = TRY(starttls_identity());
    starttls_ = TRY(TlsContext::server({identity.certificate_pem, identity.key_pem}));
  }
  return starttls_;
}

/// A local client may ask for TLS before anything else, by the line kStartTls. What it sends behind that must stay in the socket.
asio::awaitable<bool> Connection::offer_tls() {
  if (request_.peer.transport != Peer::Transport::unix_socket || !shared_->starttls_identity) co_return true;
  if (!co_await link_->ready(POLLIN)) co_return false;
  char start[kStartTls.size()];
  int fd = link_->transport->fd();
  readable_ = true;
  if (recv(fd, start, sizeof start, MSG_PEEK | MSG_DONTWAIT) != sizeof start || std::string_view(start, sizeof start) != kStartTls) co_return true;
  if (recv(fd, start, sizeof start, MSG_DONTWAIT) != sizeof start) co_return false;
  readable_ = false;
  auto context = shared_->starttls_context();
  auto wrapped = context ? (*context)->wrap(UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0))) : std::unexpected(context.error());
  if (!wrapped) {
    log_warn("Cannot start TLS", {{"error", wrapped.error().message()}});
    co_return false;
  }
  request_.peer.transport = Peer::Transport::tls;
  link_ = std::make_unique<Link>(io_, *wrapped);
  shared_->add(shared_from_this(), *wrapped);
  co_return true;
}

/// A trusted load balancer says who is behind it.
asio::awaitable<bool> Connection::read_proxy_header() {
  const Peer& peer = request_.peer;
  if (peer.transport != Peer::Transport::tls || !shared_->trusted_proxy) co_return true;
  std::string host = peer.address.substr(0, peer.address.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (!shared_->trusted_proxy(host)) co_return true;
  Clock::time_point deadline = Clock::now() + kHandshakeTime;
  asio::steady_timer pause(io_);
  char bytes[kMaxProxyHeader];
  for (;;) {
    if (!co_await link_->ready(POLLIN, deadline - Clock::now())) co_return false;
    ssize_t got = recv(link_->transport->fd(), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (got <= 0) co_return false;
    ProxyHeader header = parse_proxy_header(std::string_view(bytes, static_cast<size_t>(got)));
    if (header.kind == ProxyHeader::Kind::none) co_return true;
    if (header.kind == ProxyHeader::Kind::complete) {
      if (!header.address.empty()) request_.peer.address = header.address;
      co_return recv(link_->transport->fd(), bytes, header.length, MSG_DONTWAIT) == static_cast<ssize_t>(header.length);
    }
    if (header.kind == ProxyHeader::Kind::malformed || Clock::now() > deadline) co_return false;
    // What is there already keeps the descriptor readable: only time brings more.
    pause.expires_after(kProxyPause);
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<bool> Connection::handshake() {
  if (!co_await offer_tls() || !co_await read_proxy_header()) co_return false;
  auto* tls = dynamic_cast<TlsTransport*>(link_->transport.get());
  if (!tls) co_return true;
  Clock::time_point deadline = Clock::now() + kHandshakeTime;
  for (;;) {
    auto wait = tls->handshake();
    if (!wait) {
      log_debug("TLS handshake failed", {{"address", request_.peer.address}, {"error", wait.error().message()}});
      co_return false;
    }
    if (*wait == 0) break;
    if (!co_await link_->ready(*wait, deadline - Clock::now())) co_return false;
  }
  request_.peer.certificate = tls->peer_certificate();
  if (!request_.peer.certificate.empty()) request_.peer.fingerprint = certificate_fingerprint(request_.peer.certificate).value_or("");
  co_return true;
}

/// Reads more input, after all answers are out. False at the end of the connection.
asio::awaitable<bool> Connection::fill() {
  link_->input.clear();
  consumed_ = 0;
  if (!co_await flush()) co_return false;
  Transport& transport = *link_->transport;
  for (;;) {
    // Waiting first saves the read that would only find nothing.
    short wait = POLLIN;
    if (std::exchange(readable_, false) || transport.pending()) wait = 0;
    if (wait && parser_.head_bytes() > 0) {
      if (!co_await link_->ready(wait, kHeadTime)) co_return false;
    } else if (wait && !co_await link_->ready(wait)) {
      co_return false;
    }
    auto io = transport.read(scratch());
    if (!io || io->end()) co_return false;
    if (io->wait == POLLOUT && !co_await link_->ready(POLLOUT)) co_return false;
    if (io->bytes == 0) continue;
    link_->input.assign(scratch().data(), io->bytes);
    co_return true;
  }
}

asio::awaitable<bool> Connection::flush() {
  if (out_.empty()) co_return true;
  auto io = link_->transport->write(out_);
  if (!io) co_return false;
  bool written = io->bytes == out_.size() || co_await link_->write(std::string_view(out_).substr(io->bytes));
  out_.clear();
  // The memory goes round among this thread's connections: an idle one keeps none.
  if (out_.capacity() > spare_buffer().capacity() && out_.capacity() <= kFlushAt) spare_buffer().swap(out_);
  out_ = std::string();
  co_return written;
}

Parser::Step Connection::feed() {
  Parser::Step step = parser_.feed(std::string_view(link_->input).substr(consumed_));
  consumed_ += step.used;
  return step;
}

void Connection::refuse(int status, std::string_view text) {
  form_.keep_alive = false;
  append_reply(out_, error_response(status, text), form_);
}

/// False when there is no further request to answer.
asio::awaitable<bool> Connection::read_head() {
  for (;;) {
    Parser::Step step = feed();
    if (step.event == Parser::Event::head) co_return take_head();
    if (step.event == Parser::Event::error) {
      refuse(parser_.error_status(), parser_.error());
      co_return false;
    }
    if (!co_await fill()) co_return false;
  }
}

bool Connection::take_head() {
  Parser::Head& head = parser_.head();
  Peer peer = std::move(request_.peer);
  request_ = Request();
  request_.peer = std::move(peer);
  form_ = {.http_1_0 = head.http_1_0, .head_only = head.method == "HEAD", .keep_alive = head.keep_alive && !shared_->stopping};
  body_done_ = false;
  auto method = parse_method(head.method);
  if (!method) return refuse(501, std::format("Unsupported method {}", head.method)), false;
  if (!head.http_1_0 && !head.headers.has("Host")) return refuse(400, "The Host header is missing"), false;
  request_.method = *method;
  std::string_view target = head.target;
  if (target.starts_with("http://") || target.starts_with("https://")) {  // absolute form (RFC 9112, 3.2.2)
    target.remove_prefix(target.find("//") + 2);
    target.remove_prefix(std::min(target.find('/'), target.size()));
  }
  size_t mark = target.find('?');
  request_.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request_.query = Query::parse(target.substr(mark + 1));
  request_.content_length = head.content_length;
  expects_continue_ = !head.http_1_0 && iequals(head.headers.get("Expect"), "100-continue");
  request_.headers = std::move(head.headers);
  return true;
}

/// The whole of a small body. False: an answer was made already, and the connection ends.
asio::awaitable<bool> Connection::read_body() {
  if (request_.content_length.value_or(0) > kMaxBody) {
    refuse(413, std::format("The request's body is larger than {} bytes", kMaxBody));
    co_return false;
  }
  if (parser_.head().has_body() && std::exchange(expects_continue_, false)) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  for (;;) {
    Parser::Step step = feed();
    request_.body += step.body;
    if (step.event == Parser::Event::end) break;
    if (step.event == Parser::Event::error) {
      refuse(parser_.error_status(), parser_.error());
      co_return false;
    }
    if (request_.body.size() > kMaxBody) {
      refuse(413, std::format("The request's body is larger than {} bytes", kMaxBody));
      co_return false;
    }
    if (step.event == Parser::Event::more && !co_await fill()) co_return false;
  }
  body_done_ = true;
  co_return true;
}

asio::awaitable<void> Connection::run() {
  auto self = shared_from_this();
  if (!co_await handshake()) co_return;
  while (co_await read_head()) {
    idle_ = false;
    ++shared_->busy;
    Plan plan = shared_->planner(request_);
    bool more = plan.large_body || co_await read_body();
    if (more) more = co_await answer(std::move(plan));
    --shared_->busy;
    idle_ = true;
    if (taken_over_) co_return;
    if (!more || !form_.keep_alive) break;
    if (out_.size() > kFlushAt && !co_await flush()) co_return;
  }
  if (co_await flush()) co_await linger();
}

/// Runs the handler and sends its answer. False: the connection ends (after out_ is flushed).
asio::awaitable<bool> Connection::answer(Plan plan) {
  if (plan.inline_ && !plan.large_body) {
    Response response = plan.run(shared_->context, request_);
    if (out_.empty()) out_.swap(spare_buffer());
    co_return co_await deliver(std::move(response));
  }
  if (!plan.large_body && !out_.empty() && !co_await flush()) co_return false;
  std::shared_ptr<Job> job = co_await run_on_worker(std::move(plan));
  if (job->failed) co_return false;
  if (job->sent && !co_await flush()) co_return false;
  if (!job->sent && !co_await deliver(std::move(job->response))) co_return false;
  co_return taken_over_ || co_await finish_body();
}

asio::awaitable<std::shared_ptr<Connection::Job>> Connection::run_on_worker(Plan plan) {
  auto job = std::make_shared<Job>();
  job->plan = std::move(plan);
  if (job->plan.large_body) {
    job->body = std::make_shared<BodyStream>(shared_from_this());
    request_.stream = job->body;
  }
  if (request_.method == Method::get) {
    job->hangup_watched = true;
    spawn(io_, watch_hangup(shared_from_this(), [job] { job->stop.request_stop(); }));
  }
  co_await suspend(io_, [this, job](std::function<void()> resume) {
    shared_->runtime.offload([this, self = shared_from_this(), job, resume = std::move(resume)] {
      send_on_worker(*job);
      resume();
    });
  });
  if (job->hangup_watched) link_->cancel();
  co_return job;
}

/// On a worker: runs the handler and sends what it can of the answer, which saves the client a wait for the I/O thread.
void Connection::send_on_worker(Job& job) {
  std::stop_callback chain(shared_->stop.get_token(), [&job] { job.stop.request_stop(); });
  Context ctx(job.stop.get_token());
  try {
    job.response = job.plan.run(ctx, request_);
  } catch (const std::exception& error) {
    log_error("Unexpected exception in a handler", {{"path", request_.path}, {"error", error.what()}});
    job.response = error_response(500, error.what());
  }
  if (job.body) job.body->detach();
  Response& response = job.response;
  if (response.deferred || response.takeover || response.websocket) return;
  if (response.headers.get("Connection") == "close" || shared_->stopping) form_.keep_alive = false;
  if (response.writer || response.file) {
    auto sent = send_content(ctx, *link_->transport, out_, response, form_);
    job.failed = !sent;
    if (!sent) log_debug("Answer cut short", {{"path", request_.path}, {"error", sent.error().message()}});
  } else {
    append_reply(out_, response, form_);
    auto io = link_->transport->write(out_);
    job.failed = !io;
    if (io) out_.erase(0, io->bytes);
  }
  job.sent = true;
}

asio::awaitable<void> Connection::watch_hangup(std::shared_ptr<Connection> self, std::function<void()> gone) {
  if (!co_await self->link_->ready(POLLIN)) co_return;
  if (self->link_ && hung_up(self->link_->transport->fd())) gone();
}

/// Waits for a deferred answer. False if the peer hung up first.
asio::awaitable<bool> Connection::await_deferred(Response& response) {
  struct Wait {
    bool over = false;
    std::shared_ptr<Response> answer;
  };
  auto wait = std::make_shared<Wait>();
  co_await suspend(io_, [&](std::function<void()> resume) {
    spawn(io_, watch_hangup(shared_from_this(), [wait, resume] {
      if (!std::exchange(wait->over, true)) resume();
    }));
    response.deferred([wait, resume, &io = io_](Response answer) {
      auto kept = std::make_shared<Response>(std::move(answer));
      asio::post(io, [wait, resume, kept] {
        if (std::exchange(wait->over, true)) return;
        wait->answer = kept;
        resume();
      });
    });
  });
  link_->cancel();
  if (!wait->answer) co_return false;
  response = std::move(*wait->answer);
  co_return true;
}

/// On the I/O thread: sends any kind of answer.
asio::awaitable<bool> Connection::deliver(Response response) {
  if (response.deferred) {
    if (!co_await flush()) co_return false;
    --shared_->busy;  // a stopping server does not wait for long polls
    bool answered = co_await await_deferred(response);
    ++shared_->busy;
    if (!answered) co_return false;
  }
  if (response.headers.get("Connection") == "close" || shared_->stopping) form_.keep_alive = false;
  if (response.takeover || response.websocket) {
    co_await upgrade(std::move(response));
    co_return taken_over_;
  }
  if (!response.writer && !response.file) {
    std::string_view body = append_reply_head(out_, response, form_);
    if (body.size() > kFlushAt) co_return co_await flush() && co_await link_->write(body);
    out_ += body;
    co_return true;
  }
  auto job = std::make_shared<Job>();
  job->plan.run = [kept = std::make_shared<Response>(std::move(response))](const Context&, Request&) { return std::move(*kept); };
  co_await suspend(io_, [this, job](std::function<void()> resume) {
    shared_->runtime.offload([this, self = shared_from_this(), job, resume = std::move(resume)] {
      send_on_worker(*job);
      resume();
    });
  });
  co_return !job->failed;
}

/// What the handler left of a large body is read and dropped, up to a limit.
asio::awaitable<bool> Connection::finish_body() {
  size_t dropped = 0;
  if (!body_done_ && expects_continue_) co_return false;  // the client may or may not send it now
  while (!body_done_) {
    Parser::Step step = feed();
    dropped += step.body.size();
    if (step.event == Parser::Event::end) body_done_ = true;
    if (step.event == Parser::Event::error || dropped > kMaxDrain) co_return false;
    if (step.event == Parser::Event::more && !co_await fill()) co_return false;
  }
  co_return true;
}

/// The status of a refusal, or 0. Browsers send cookies along to foreign hosts, so a page of another origin must not get through.
int Connection::websocket_refused(std::string& reason) const {
  const Headers& headers = request_.headers;
  std::string origin = headers.get("Origin");
  if (!origin.empty() && !iequals(std::string_view(origin).substr(origin.find("//") == std::string::npos ? 0 : origin.find("//") + 2), headers.get("Host"))) {
    reason = "Websocket from another origin";
    return 403;
  }
  if (request_.method != Method::get || !has_token(headers.get("Upgrade"), "websocket") || !has_token(headers.get("Connection"), "upgrade")) {
    reason = "This endpoint needs a websocket upgrade";
  } else if (headers.get("Sec-WebSocket-Version") != "13" || headers.get("Sec-WebSocket-Key").empty()) {
    reason = "Unsupported websocket handshake";
  }
  return reason.empty() ? 0 : 400;
}

asio::awaitable<void> Connection::upgrade(Response response) {
  std::string reason;
  if (int status = response.websocket ? websocket_refused(reason) : 0) {
    append_reply(out_, error_response(status, reason), form_);
    co_return;
  }
  Headers extra = std::move(response.headers);
  if (response.websocket) extra.set("Sec-WebSocket-Accept", websocket_accept(request_.headers.get("Sec-WebSocket-Key")));
  if (!response.websocket && response.upgrade_protocol.empty()) append_open_ended(out_, extra);
  else append_switching(out_, response.websocket ? "websocket" : response.upgrade_protocol, extra);
  if (!co_await flush()) co_return;
  // The request ends here; what came behind it belongs to the new protocol.
  while (!body_done_ && feed().event == Parser::Event::body) {}
  std::string leftover = link_->input.substr(consumed_);
  std::shared_ptr<Transport> transport = link_->transport;
  link_.reset();
  taken_over_ = true;
  async::Runtime& runtime = shared_->runtime;
  if (response.websocket) response.websocket(adopt_websocket(runtime, std::move(transport), std::move(leftover), WebSocketRole::server));
  else response.takeover(adopt_stream(&runtime, std::move(transport), std::move(leftover)));
}

/// Closing with unread input would reset the connection and could destroy the answer on its way.
asio::awaitable<void> Connection::linger() {
  if (body_done_ && consumed_ == link_->input.size()) co_return;
  link_->transport->shutdown_write();
  Clock::time_point deadline = Clock::now() + kLingerTime;
  while (Clock::now() < deadline) {
    auto io = link_->transport->read(scratch());
    if (!io || io->end()) co_return;
    if (io->wait && !co_await link_->ready(io->wait, deadline - Clock::now())) co_return;
  }
}

}  // namespace http
