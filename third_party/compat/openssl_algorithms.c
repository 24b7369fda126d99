/* Algorithms of OpenSSL's default provider that neither TLS with today's peers, nor keys, tokens and SSH need: 0.4 MB. Each is a table of functions to the
 * provider; an empty one makes fetching the algorithm fail as it does for one that was switched off, and keeps the archive's members out. */
#include <openssl/core.h>
#include <openssl/evp.h>

#define ABSENT(name)                                    \
  extern const OSSL_DISPATCH ossl_##name##_functions[]; \
  const OSSL_DISPATCH ossl_##name##_functions[] = {{0, 0}};

/* Modes of AES beside CBC, CFB, CTR, ECB, GCM, OFB and XTS. */
ABSENT(aes128ccm) ABSENT(aes128gcm_siv) ABSENT(aes128ocb) ABSENT(aes128siv) ABSENT(aes128wrap) ABSENT(aes128wrapinv) ABSENT(aes128wrappad)
ABSENT(aes128wrappadinv) ABSENT(aes192ccm) ABSENT(aes192gcm_siv) ABSENT(aes192ocb) ABSENT(aes192siv) ABSENT(aes192wrap) ABSENT(aes192wrapinv)
ABSENT(aes192wrappad) ABSENT(aes192wrappadinv) ABSENT(aes256ccm) ABSENT(aes256gcm_siv) ABSENT(aes256ocb) ABSENT(aes256siv) ABSENT(aes256wrap)
ABSENT(aes256wrapinv) ABSENT(aes256wrappad) ABSENT(aes256wrappadinv)

/* National and older ciphers and digests. */
ABSENT(aria128cbc) ABSENT(aria128ccm) ABSENT(aria128cfb1) ABSENT(aria128cfb8) ABSENT(aria128cfb) ABSENT(aria128ctr) ABSENT(aria128ecb)
ABSENT(aria128gcm) ABSENT(aria128ofb) ABSENT(aria192cbc) ABSENT(aria192ccm) ABSENT(aria192cfb1) ABSENT(aria192cfb8) ABSENT(aria192cfb)
ABSENT(aria192ctr) ABSENT(aria192ecb) ABSENT(aria192gcm) ABSENT(aria192ofb) ABSENT(aria256cbc) ABSENT(aria256ccm) ABSENT(aria256cfb1)
ABSENT(aria256cfb8) ABSENT(aria256cfb) ABSENT(aria256ctr) ABSENT(aria256ecb) ABSENT(aria256gcm) ABSENT(aria256ofb)
ABSENT(camellia128cbc_cts) ABSENT(camellia128cbc) ABSENT(camellia128cfb1) ABSENT(camellia128cfb8) ABSENT(camellia128cfb) ABSENT(camellia128ctr)
ABSENT(camellia128ecb) ABSENT(camellia128ofb) ABSENT(camellia192cbc_cts) ABSENT(camellia192cbc) ABSENT(camellia192cfb1) ABSENT(camellia192cfb8)
ABSENT(camellia192cfb) ABSENT(camellia192ctr) ABSENT(camellia192ecb) ABSENT(camellia192ofb) ABSENT(camellia256cbc_cts) ABSENT(camellia256cbc)
ABSENT(camellia256cfb1) ABSENT(camellia256cfb8) ABSENT(camellia256cfb) ABSENT(camellia256ctr) ABSENT(camellia256ecb) ABSENT(camellia256ofb)
ABSENT(blake2b512) ABSENT(blake2s256) ABSENT(ripemd160) ABSENT(sm2_asym_cipher) ABSENT(sm2_signature) ABSENT(sm3) ABSENT(sm4128cbc)
ABSENT(sm4128ccm) ABSENT(sm4128cfb128) ABSENT(sm4128ctr) ABSENT(sm4128ecb) ABSENT(sm4128gcm) ABSENT(sm4128ofb128) ABSENT(sm4128xts)

/* Signatures that no certificate here carries. */
ABSENT(dsa_keymgmt) ABSENT(dsa_sha1_signature) ABSENT(dsa_sha224_signature) ABSENT(dsa_sha256_signature) ABSENT(dsa_sha384_signature)
ABSENT(dsa_sha3_224_signature) ABSENT(dsa_sha3_256_signature) ABSENT(dsa_sha3_384_signature) ABSENT(dsa_sha3_512_signature)
ABSENT(dsa_sha512_signature) ABSENT(dsa_signature)
ABSENT(slh_dsa_sha2_128f_keymgmt) ABSENT(slh_dsa_sha2_128f_signature) ABSENT(slh_dsa_sha2_128s_keymgmt) ABSENT(slh_dsa_sha2_128s_signature)
ABSENT(slh_dsa_sha2_192f_keymgmt) ABSENT(slh_dsa_sha2_192f_signature) ABSENT(slh_dsa_sha2_192s_keymgmt) ABSENT(slh_dsa_sha2_192s_signature)
ABSENT(slh_dsa_sha2_256f_keymgmt) ABSENT(slh_dsa_sha2_256f_signature) ABSENT(slh_dsa_sha2_256s_keymgmt) ABSENT(slh_dsa_sha2_256s_signature)
ABSENT(slh_dsa_shake_128f_keymgmt) ABSENT(slh_dsa_shake_128f_signature) ABSENT(slh_dsa_shake_128s_keymgmt) ABSENT(slh_dsa_shake_128s_signature)
ABSENT(slh_dsa_shake_192f_keymgmt) ABSENT(slh_dsa_shake_192f_signature) ABSENT(slh_dsa_shake_192s_keymgmt) ABSENT(slh_dsa_shake_192s_signature)
ABSENT(slh_dsa_shake_256f_keymgmt) ABSENT(slh_dsa_shake_256f_signature) ABSENT(slh_dsa_shake_256s_keymgmt) ABSENT(slh_dsa_shake_256s_signature)

/* Codes and key derivations beside HMAC, Poly1305, HKDF, PBKDF2, scrypt and those of TLS and SSH. */
ABSENT(blake2bmac) ABSENT(blake2smac) ABSENT(cmac) ABSENT(gmac) ABSENT(kdf_argon2d) ABSENT(kdf_argon2i) ABSENT(kdf_argon2id) ABSENT(kdf_kbkdf)
ABSENT(kdf_krb5kdf) ABSENT(kdf_pkcs12) ABSENT(kdf_x942_kdf) ABSENT(kmac128) ABSENT(kmac256)

/* The names under which legacy interfaces (encrypted PEM files) find ciphers and digests. */
void openssl_add_all_ciphers_int(void);
void openssl_add_all_digests_int(void);

void openssl_add_all_ciphers_int(void) {
  EVP_add_cipher(EVP_aes_128_cbc());
  EVP_add_cipher(EVP_aes_192_cbc());
  EVP_add_cipher(EVP_aes_256_cbc());
  EVP_add_cipher(EVP_aes_128_gcm());
  EVP_add_cipher(EVP_aes_256_gcm());
  EVP_add_cipher(EVP_des_ede3_cbc());
}

void openssl_add_all_digests_int(void) {
  EVP_add_digest(EVP_md5());
  EVP_add_digest(EVP_sha1());
  EVP_add_digest(EVP_sha256());
  EVP_add_digest(EVP_sha384());
  EVP_add_digest(EVP_sha512());
}
