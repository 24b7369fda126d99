#include "ssh/packets.h"

#include "base/encode.h"
#include "ssh/wire.h"

namespace ssh {

namespace {
constexpr size_t kMaxPacket = 256 << 10;
}

std::optional<std::string> Packets::line() {
  size_t end = input_.find('\n');
  if (end == input_.npos) return std::nullopt;
  std::string text = input_.substr(0, end);
  input_.erase(0, end + 1);
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::optional<std::string>> Packets::next() {
  size_t block = decrypt ? PacketCipher::kBlock : 8, mac = decrypt ? PacketCipher::kMacSize : 0;
  if (input_.size() < block) return std::nullopt;
  if (opened_ == 0) {
    if (decrypt) decrypt->apply(input_.data(), block);
    opened_ = block;
  }
  size_t length = 4 + size_t{Reader(input_).number()};
  if (length > kMaxPacket || length < 8 || length % block) return fail(Code::invalid, "The SSH client sent a broken packet");
  if (input_.size() < length + mac) return std::nullopt;
  if (decrypt) decrypt->apply(input_.data() + opened_, length - opened_);
  std::string_view packet = std::string_view(input_).substr(0, length);
  if (decrypt && !equal_in_constant_time(decrypt->mac(received_, packet), std::string_view(input_).substr(length, mac))) {
    return fail(Code::invalid, "The SSH client sent a forged packet");
  }
  size_t padding = static_cast<uint8_t>(packet[4]);
  if (5 + padding > length) return fail(Code::invalid, "The SSH client sent a broken packet");
  std::string payload(packet.substr(5, length - 5 - padding));
  input_.erase(0, length + mac);
  opened_ = 0;
  ++received_;
  return payload;
}

void Packets::write(std::string_view payload) {
  size_t block = encrypt ? PacketCipher::kBlock : 8;
  size_t padding = block - (5 + payload.size()) % block;
  if (padding < 4) padding += block;
  std::string packet = Writer().number(static_cast<uint32_t>(1 + payload.size() + padding)).byte(static_cast<uint8_t>(padding)).raw(payload).raw(random_bytes(padding)).bytes();
  std::string code = encrypt ? encrypt->mac(sent_, packet) : "";
  if (encrypt) encrypt->apply(packet.data(), packet.size());
  output += packet + code;
  ++sent_;
}

}  // namespace ssh
