/** The package by which tests of the whole house read and forge tokens; the core lists it, and they stand outside of the core. */
export {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
} from 'jose';
export type { JWTPayload } from 'jose';
