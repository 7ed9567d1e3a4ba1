//! The digest in a signature: PKCS#7 `SignedData` over Authenticode's `SpcIndirectDataContent`.
//!
//! ```text
//! ContentInfo     = SEQUENCE { signedData, [0] SignedData }
//! SignedData      = SEQUENCE { version, algorithms, SEQUENCE { spcIndirectData, [0] Content }, [0]?, [1]?, SET of SignerInfo }
//! Content         = SEQUENCE { what was signed, SEQUENCE { SEQUENCE { algorithm, ... }, OCTET STRING digest } }
//! SignerInfo      = SEQUENCE { version, signer, SEQUENCE { algorithm, ... }, [0] attributes?, ... }
//! ```

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, SliceReader, Tag, TagNumber, Tagged};
use ring::digest::{self, Algorithm, Context};

use super::Wrong;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const SPC_INDIRECT_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.4");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");

const ALGORITHMS: [(ObjectIdentifier, &Algorithm); 4] = [
    (ObjectIdentifier::new_unwrap("1.3.14.3.2.26"), &digest::SHA1_FOR_LEGACY_USE_ONLY),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"), &digest::SHA256),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2"), &digest::SHA384),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3"), &digest::SHA512),
];

/// Units that are hashed at once.
const CHUNK: usize = 4096;

/// The digest that was signed.
#[derive(Debug)]
pub(super) struct Signed {
    algorithm: &'static Algorithm,
    digest: Vec<u8>,
}

impl Signed {
    /// Reads a signature, and checks that the signer's attributes are those of its content.
    pub(super) fn parse(der: &[u8]) -> Result<Self, Wrong> {
        let parts = parts(der).map_err(|_| Wrong::NotSigned)?;
        let algorithm = known(parts.algorithm)?;
        let attributes = known(parts.signer_algorithm)?;
        if parts.message_digest != digest::digest(attributes, parts.content).as_ref() {
            return Err(Wrong::Attributes);
        }
        Ok(Self { algorithm, digest: parts.digest.to_vec() })
    }

    /// Returns whether this is the digest of a text.
    pub(super) fn is_of(&self, units: impl Iterator<Item = u16>) -> bool {
        let mut context = Context::new(self.algorithm);
        let mut chunk = Vec::with_capacity(2 * CHUNK);
        for unit in units {
            chunk.extend(unit.to_le_bytes());
            if chunk.len() == 2 * CHUNK {
                context.update(&chunk);
                chunk.clear();
            }
        }
        context.update(&chunk);
        context.finish().as_ref() == self.digest
    }
}

fn known(id: ObjectIdentifier) -> Result<&'static Algorithm, Wrong> {
    let known = ALGORITHMS.iter().find(|(known, _)| *known == id);
    known.map(|(_, algorithm)| *algorithm).ok_or(Wrong::Algorithm)
}

/// The parts of a signature that are compared.
struct Parts<'d> {
    algorithm: ObjectIdentifier,
    digest: &'d [u8],
    /// The bytes whose digest the signer's attributes have.
    content: &'d [u8],
    signer_algorithm: ObjectIdentifier,
    message_digest: &'d [u8],
}

fn parts(der: &[u8]) -> der::Result<Parts<'_>> {
    let mut info = open(&mut SliceReader::new(der)?, Tag::Sequence)?;
    expect(&mut info, SIGNED_DATA)?;
    let mut data = open(&mut open(&mut info, context(0))?, Tag::Sequence)?;
    skip(&mut data)?;
    skip(&mut data)?;

    let mut encapsulated = open(&mut data, Tag::Sequence)?;
    expect(&mut encapsulated, SPC_INDIRECT_DATA)?;
    let content = take(&mut open(&mut encapsulated, context(0))?, Tag::Sequence)?;
    let mut indirect = SliceReader::new(content)?;
    skip(&mut indirect)?;
    let mut info = open(&mut indirect, Tag::Sequence)?;
    let algorithm = ObjectIdentifier::decode(&mut open(&mut info, Tag::Sequence)?)?;
    let digest = take(&mut info, Tag::OctetString)?;

    while Tag::peek(&data)? != Tag::Set {
        skip(&mut data)?; // certificates and revocation lists
    }
    let mut signer = open(&mut open(&mut data, Tag::Set)?, Tag::Sequence)?;
    skip(&mut signer)?;
    skip(&mut signer)?;
    let signer_algorithm = ObjectIdentifier::decode(&mut open(&mut signer, Tag::Sequence)?)?;
    let message_digest = message_digest(&mut open(&mut signer, context(0))?)?;
    Ok(Parts { algorithm, digest, content, signer_algorithm, message_digest })
}

fn message_digest<'d>(attributes: &mut SliceReader<'d>) -> der::Result<&'d [u8]> {
    loop {
        let mut attribute = open(attributes, Tag::Sequence)?;
        if ObjectIdentifier::decode(&mut attribute)? == MESSAGE_DIGEST {
            return take(&mut open(&mut attribute, Tag::Set)?, Tag::OctetString);
        }
    }
}

fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

/// Reads the content of the next value, which must have this tag.
fn take<'d>(reader: &mut SliceReader<'d>, tag: Tag) -> der::Result<&'d [u8]> {
    let value = AnyRef::decode(reader)?;
    value.tag().assert_eq(tag)?;
    Ok(value.value())
}

fn open<'d>(reader: &mut SliceReader<'d>, tag: Tag) -> der::Result<SliceReader<'d>> {
    SliceReader::new(take(reader, tag)?)
}

fn skip(reader: &mut SliceReader<'_>) -> der::Result<()> {
    AnyRef::decode(reader).map(|_| ())
}

fn expect(reader: &mut SliceReader<'_>, id: ObjectIdentifier) -> der::Result<()> {
    let found = ObjectIdentifier::decode(reader)?;
    if found == id { Ok(()) } else { Err(der::ErrorKind::OidUnknown { oid: found }.into()) }
}
