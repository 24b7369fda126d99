#include "ssh/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/encode.h"
#include "base/strings.h"
#include "ssh/channels.h"
#include "ssh/packets.h"
#include "ssh/wire.h"

namespace ssh {

namespace {

enum Message : uint8_t {
  kDisconnect = 1, kUnimplemented = 3, kServiceRequest = 5, kServiceAccept = 6, kKexInit = 20, kNewKeys = 21, kKexEcdhInit = 30, kKexEcdhReply = 31,
  kUserauthRequest = 50, kUserauthFailure = 51, kUserauthSuccess = 52, kGlobalRequest = 80, kRequestFailure = 82, kFirstOfChannels = 90,
};
constexpr std::string_view kGreeting = "SSH-2.0-incusbox";
constexpr int kMaxAttempts = 6;
constexpr size_t kMaxOutput = 512 << 10;  ///< no more is read from the sessions while so much waits

/// The algorithms of one key exchange, as KEXINIT lists them: exchange, host key, cipher, mac and compression, each way.
constexpr std::string_view kAlgorithms[] = {"curve25519-sha256,curve25519-sha256@libssh.org", "ssh-ed25519", "aes256-ctr,aes128-ctr", "aes256-ctr,aes128-ctr",
                                            "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", ""};

/// The first of the client's wishes that we have; empty if there is none.
std::string choose(std::string_view wishes, std::string_view ours) {
  StringList known = split(ours, ',');
  for (const std::string& wish : split(wishes, ',')) {
    if (contains(known, wish)) return wish;
  }
  return "";
}

class Connection {
 public:
  Connection(const Context& ctx, UniqueFd socket, const HostKey& key, const ServerOptions& options)
      : ctx_(ctx), socket_(std::move(socket)), host_key_(key), options_(options), channels_(packets_, options.open_sftp) {}

  Result<> run() {
    packets_.output = std::string(kGreeting) + "\r\n";
    send_kexinit();
    while (!done_) {
      bool may_send = ready_ && packets_.output.size() < kMaxOutput;
      std::vector<pollfd> fds{{socket_.get(), static_cast<short>(POLLIN | (packets_.output.empty() ? 0 : POLLOUT)), 0}, {ctx_.wake_fd(), POLLIN, 0}};
      if (ready_) channels_.collect(fds, may_send);
      if (poll(fds.data(), fds.size(), ctx_.poll_timeout()) < 0 && errno != EINTR) return fail_errno("poll");
      TRY(ctx_.check());
      if (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) TRY(receive());
      if (ready_) channels_.pump(fds, may_send);
      TRY(flush());
    }
    return {};
  }

 private:
  Result<> receive() {
    char buffer[64 << 10];
    ssize_t count = recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (count <= 0) return done_ = true, Result<>();
    packets_.feed({buffer, static_cast<size_t>(count)});
    if (peer_greeting_.empty()) TRY(read_greeting());
    if (peer_greeting_.empty()) return {};
    while (auto payload = TRY(packets_.next())) {
      if (payload->empty()) return fail(Code::invalid, "The SSH client sent an empty packet");
      TRY(handle(*payload));
    }
    return {};
  }

  Result<> flush() {
    if (packets_.output.empty()) return {};
    ssize_t count = send(socket_.get(), packets_.output.data(), packets_.output.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) done_ = true;
    if (count > 0) packets_.output.erase(0, static_cast<size_t>(count));
    return {};
  }

  Result<> read_greeting() {
    while (auto line = packets_.line()) {
      if (!line->starts_with("SSH-")) continue;
      if (!line->starts_with("SSH-2.0-") && !line->starts_with("SSH-1.99-")) return fail(Code::invalid, "The SSH client speaks another version: {}", quote(*line));
      peer_greeting_ = *line;
      return {};
    }
    return {};
  }

  void send_kexinit() {
    Writer message(kKexInit);
    message.raw(random_bytes(16));
    for (std::string_view list : kAlgorithms) message.text(list);
    own_kexinit_ = message.boolean(false).number(0).bytes();
    packets_.write(own_kexinit_);
  }

  Result<> handle(const std::string& payload) {
    Reader reader(payload);
    uint8_t message = reader.byte();
    if (message == kDisconnect) return done_ = true, Result<>();
    if (message < kServiceRequest) return {};  // ignore, unimplemented, debug
    if (message == kKexInit) return handle_kexinit(payload, reader);
    if (message == kKexEcdhInit) return handle_exchange(reader);
    if (message == kNewKeys) return use_client_keys();
    if (!packets_.decrypt) return fail(Code::invalid, "The SSH client skipped the key exchange");
    if (message == kServiceRequest) return packets_.write(Writer(kServiceAccept).text(reader.text()).bytes()), Result<>();
    if (message == kUserauthRequest) return handle_login(reader);
    if (!logged_in_) return fail(Code::invalid, "The SSH client skipped the login");
    if (message == kGlobalRequest) {
      reader.text();
      if (reader.boolean()) packets_.write(Writer(kRequestFailure).bytes());
      return {};
    }
    if (message >= kFirstOfChannels && message <= 100) return channels_.handle(message, reader);
    packets_.write(Writer(kUnimplemented).number(0).bytes());
    return {};
  }

  Result<> handle_kexinit(const std::string& payload, Reader& reader) {
    if (ready_) send_kexinit();  // the client wants fresh keys
    ready_ = false;
    peer_kexinit_ = payload;
    reader.raw(16);
    std::string chosen[10], first_wishes[2];
    for (size_t i = 0; i < std::size(chosen); ++i) {
      std::string_view wishes = reader.text();
      chosen[i] = choose(wishes, kAlgorithms[i]);
      if (i < 2) first_wishes[i] = wishes.substr(0, wishes.find(','));
      if (chosen[i].empty() && !kAlgorithms[i].empty()) return fail(Code::invalid, "The SSH client knows none of {}", kAlgorithms[i]);
    }
    bool guessed = reader.boolean();
    ignore_guess_ = guessed && (first_wishes[0] != chosen[0] || first_wishes[1] != chosen[1]);
    client_cipher_ = chosen[2];
    server_cipher_ = chosen[3];
    return {};
  }

  Result<> handle_exchange(Reader& reader) {
    if (std::exchange(ignore_guess_, false)) return {};
    if (peer_kexinit_.empty()) return fail(Code::invalid, "The SSH client skipped the negotiation");
    std::string_view peer_key = reader.text();
    KeyAgreement agreement = TRY(agree(peer_key));
    secret_ = Writer().integer(agreement.shared_secret).bytes();
    std::string blob = host_key_.public_blob();
    exchange_hash_ = sha256(Writer().text(peer_greeting_).text(kGreeting).text(peer_kexinit_).text(own_kexinit_).text(blob).text(peer_key)
                                .text(agreement.public_key).raw(secret_).bytes());
    if (session_id_.empty()) session_id_ = exchange_hash_;
    packets_.write(Writer(kKexEcdhReply).text(blob).text(agreement.public_key).text(TRY(host_key_.sign(exchange_hash_))).bytes());
    packets_.write(Writer(kNewKeys).bytes());
    packets_.encrypt = TRY(cipher(server_cipher_, "BDF"));
    peer_kexinit_.clear();
    return {};
  }

  /// Keys are hashes of the secret and a letter each (RFC 4253, section 7.2): of the vector, the key and the mac.
  Result<std::unique_ptr<PacketCipher>> cipher(const std::string& name, std::string_view letters) {
    auto derive = [&](char letter) { return sha256(secret_ + exchange_hash_ + letter + session_id_); };
    size_t key_size = name == "aes128-ctr" ? 16 : 32;
    return PacketCipher::make(derive(letters[1]).substr(0, key_size), derive(letters[0]).substr(0, 16), derive(letters[2]));
  }

  Result<> use_client_keys() {
    if (secret_.empty()) return fail(Code::invalid, "The SSH client skipped the key exchange");
    packets_.decrypt = TRY(cipher(client_cipher_, "ACE"));
    secret_.clear();
    ready_ = true;
    return {};
  }

  Result<> handle_login(Reader& reader) {
    std::string_view user = reader.text(), service = reader.text(), method = reader.text();
    bool fine = options_.no_login;
    if (!fine && method == "password") {
      reader.boolean();
      // Both are compared in full, so that neither can be guessed by the time it takes.
      bool user_fits = equal_in_constant_time(user, options_.user), password_fits = equal_in_constant_time(reader.text(), options_.password);
      fine = user_fits && password_fits;
      if (!fine && ++attempts_ >= kMaxAttempts) return fail(Code::forbidden, "Password rejected for {}", quote(user));
    }
    if (service != "ssh-connection") fine = false;
    logged_in_ = logged_in_ || fine;
    if (fine) packets_.write(Writer(kUserauthSuccess).bytes());
    else packets_.write(Writer(kUserauthFailure).text("password").boolean(false).bytes());
    return {};
  }

  Context ctx_;
  UniqueFd socket_;
  const HostKey& host_key_;
  const ServerOptions& options_;
  Packets packets_;
  Channels channels_;
  std::string peer_greeting_, own_kexinit_, peer_kexinit_, client_cipher_, server_cipher_;
  std::string secret_, exchange_hash_, session_id_;
  bool ready_ = false;  ///< keys are in use, and no new ones are being made
  bool ignore_guess_ = false, logged_in_ = false, done_ = false;
  int attempts_ = 0;
};

}  // namespace

Result<> serve(const Context& ctx, UniqueFd socket, const HostKey& key, const ServerOptions& options) {
  return Connection(ctx, std::move(socket), key, options).run();
}

}  // namespace ssh
