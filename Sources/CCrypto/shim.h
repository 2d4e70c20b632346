// The functions of OpenSSL 3's libcrypto that we use, as pointers that are resolved on first use: what never signs and
// never hashes must not pay for loading the library. The headers give the types only; nothing is linked.
#ifndef WARMPLANE_CCRYPTO_H
#define WARMPLANE_CCRYPTO_H
#include <dlfcn.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define WP_CRYPTO_FUNCTIONS(X) \
  X(BIO_free) \
  X(BIO_new) \
  X(BIO_new_mem_buf) \
  X(BIO_read) \
  X(BIO_s_mem) \
  X(ERR_clear_error) \
  X(EVP_Digest) \
  X(EVP_DigestSign) \
  X(EVP_DigestSignInit) \
  X(EVP_MD_CTX_free) \
  X(EVP_MD_CTX_new) \
  X(EVP_PKEY_CTX_free) \
  X(EVP_PKEY_CTX_new_from_name) \
  X(EVP_PKEY_CTX_set_group_name) \
  X(EVP_PKEY_CTX_set_rsa_padding) \
  X(EVP_PKEY_CTX_set_rsa_pss_saltlen) \
  X(EVP_PKEY_free) \
  X(EVP_PKEY_generate) \
  X(EVP_PKEY_get_bits) \
  X(EVP_PKEY_get_octet_string_param) \
  X(EVP_PKEY_get_utf8_string_param) \
  X(EVP_PKEY_is_a) \
  X(EVP_PKEY_keygen_init) \
  X(EVP_sha256) \
  X(PEM_read_bio_PrivateKey) \
  X(PEM_write_bio_PKCS8PrivateKey)

/// One member per function, of that function's type and name.
struct wp_crypto {
#define WP_CRYPTO_MEMBER(name) __typeof__(name) *name;
  WP_CRYPTO_FUNCTIONS(WP_CRYPTO_MEMBER)
#undef WP_CRYPTO_MEMBER
};

/// Loads the library and fills the table. NULL, or what is missing: a static text or the loader's words. Not to be
/// called by two threads at once.
static inline const char *wp_crypto_load(struct wp_crypto *table) {
  void *library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
#define WP_CRYPTO_RESOLVE(name) \
  if (!(table->name = (__typeof__(name) *)dlsym(library, #name))) return "it has no " #name;
  WP_CRYPTO_FUNCTIONS(WP_CRYPTO_RESOLVE)
#undef WP_CRYPTO_RESOLVE
  return 0;
}

#endif
