// SSH packets (RFC 4253, section 6): payloads to bytes and back.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "ssh/crypto.h"

namespace ssh {

class Packets {
 public:
  /// Bytes that came from the peer.
  void feed(std::string_view bytes) { input_ += bytes; }
  /// The next whole payload, if it is there. Errors: invalid (broken or forged packet).
  Result<std::optional<std::string>> next();
  /// A line of the greeting, without its end, if it is there.
  std::optional<std::string> line();
  /// Appends the packet to `output`.
  void write(std::string_view payload);

  std::string output;  ///< to be sent
  std::unique_ptr<PacketCipher> decrypt, encrypt;  ///< null until keys are there

 private:
  std::string input_;
  size_t opened_ = 0;  ///< bytes at the start of the input that are decrypted already
  uint32_t received_ = 0, sent_ = 0;
};

}  // namespace ssh
