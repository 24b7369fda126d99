#include "ssh/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "ssh/wire.h"

namespace ssh {

namespace {

constexpr std::string_view kHostKeyName = "ssh-ed25519";

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeKey>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Result<std::string> raw_public_key(EVP_PKEY* key) {
  std::string raw(32, '\0');
  size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size) != 1 || size != raw.size()) {
    return fail(Code::internal, "Failed reading a public key");
  }
  return raw;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Result<HostKey> HostKey::generate() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (!key) return fail(Code::internal, "Failed generating SSH host key");
  HostKey host_key;
  host_key.key_ = std::shared_ptr<void>(key, [](void* pointer) { EVP_PKEY_free(static_cast<EVP_PKEY*>(pointer)); });
  return host_key;
}

std::string HostKey::public_blob() const {
  return Writer().text(kHostKeyName).text(raw_public_key(static_cast<EVP_PKEY*>(key_.get())).value_or("")).bytes();
}

Result<std::string> HostKey::sign(std::string_view bytes) const {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::string signature(64, '\0');
  size_t size = signature.size();
  bool done = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, static_cast<EVP_PKEY*>(key_.get())) == 1 &&
              EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(bytes), bytes.size()) == 1;
  if (!done) return fail(Code::internal, "Failed signing the key exchange");
  return Writer().text(kHostKeyName).text(signature).bytes();
}

Result<KeyAgreement> agree(std::string_view peer_public_key) {
  KeyPtr peer(peer_public_key.size() == 32 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, bytes_of(peer_public_key), 32) : nullptr);
  if (!peer) return fail(Code::invalid, "The SSH client sent a broken key");
  KeyPtr own(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(own ? EVP_PKEY_CTX_new(own.get(), nullptr) : nullptr, EVP_PKEY_CTX_free);
  if (!context) return fail(Code::internal, "Failed making a key for the exchange");
  KeyAgreement agreement{TRY(raw_public_key(own.get())), std::string(32, '\0')};
  size_t size = agreement.shared_secret.size();
  bool done = EVP_PKEY_derive_init(context.get()) == 1 && EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
              EVP_PKEY_derive(context.get(), reinterpret_cast<unsigned char*>(agreement.shared_secret.data()), &size) == 1;
  if (!done) return fail(Code::invalid, "The SSH client sent a broken key");  // low-order points give no secret
  return agreement;
}

Result<std::unique_ptr<PacketCipher>> PacketCipher::make(std::string_view key, std::string_view iv, std::string_view mac_key) {
  std::unique_ptr<PacketCipher> cipher(new PacketCipher);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  cipher->context_ = context;
  cipher->mac_key_ = mac_key;
  const EVP_CIPHER* kind = key.size() == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr();
  if (EVP_EncryptInit_ex(context, kind, nullptr, bytes_of(key), bytes_of(iv)) != 1) return fail(Code::internal, "Failed setting up encryption");
  return cipher;
}

PacketCipher::~PacketCipher() { EVP_CIPHER_CTX_free(static_cast<EVP_CIPHER_CTX*>(context_)); }

void PacketCipher::apply(char* bytes, size_t count) {
  int done = 0;
  auto data = reinterpret_cast<unsigned char*>(bytes);
  EVP_EncryptUpdate(static_cast<EVP_CIPHER_CTX*>(context_), data, &done, data, static_cast<int>(count));
}

std::string PacketCipher::mac(uint32_t sequence, std::string_view packet) const {
  std::string input = Writer().number(sequence).raw(packet).bytes(), code(kMacSize, '\0');
  HMAC(EVP_sha256(), mac_key_.data(), static_cast<int>(mac_key_.size()), bytes_of(input), input.size(), reinterpret_cast<unsigned char*>(code.data()), nullptr);
  return code;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) { return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace ssh
