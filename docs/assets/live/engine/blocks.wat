;; Weights as files keep them become float32, four numbers at a time (WebAssembly SIMD): float16, blocks
;; of 4 or 8 bits, and bytes.
;;
;; All addresses are bytes in one memory, which kernel.js owns; `width` counts numbers. plain.js
;; says the same in plain JavaScript, function by function: read it first. rows.wat and bytes.wat multiply
;; with weights as they are, products.wat with float32.
;;
;; A float16 has 5 bits of exponent, a float32 has 8. Moved into place (shift by 13, mask), the
;; exponent is too small by 127 - 15 = 112; the product with 2^112, which is 0x77800000 as a
;; float32, is the number. Infinity does not survive this; weights have none.
;;
;; What is constant in a loop is put into a local before it: written inside, V8 would make it anew
;; each time, with three instructions.
(module
  (import "live" "memory" (memory 1))

  ;; Weights to float32: `width` float16.
  (func (export "unpackF16") (param $from i32) (param $to i32) (param $width i32)
    (local $end i32)
    (local $bits v128) (local $power v128)
    (local.set $bits (i32x4.splat (i32.const 0x8FFFE000))) (local.set $power (i32x4.splat (i32.const 0x77800000)))
    (local.set $end (i32.add (local.get $to) (i32.mul (local.get $width) (i32.const 4))))
    (loop $four
      (v128.store (local.get $to) (f32x4.mul
        (v128.and
          (i32x4.shl (v128.load16x4_s (local.get $from)) (i32.const 13))
          (local.get $bits))
        (local.get $power)))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $to) (local.get $end)))))

  ;; Weights to float32: blocks of Q4_1. A block: scale and least value (float16), 16 bytes.
  ;; Value j is the low half of byte j, value j + 16 its high half: weight = scale · q + least.
  (func (export "unpackQ4_1") (param $from i32) (param $to i32) (param $width i32)
    (local $end i32) (local $middle i32) (local $q v128) (local $scale v128) (local $least v128)
    (local $bits v128) (local $power v128)
    (local.set $bits (i32x4.splat (i32.const 0x8FFFE000))) (local.set $power (i32x4.splat (i32.const 0x77800000)))
    (local.set $end (i32.add (local.get $to) (i32.mul (local.get $width) (i32.const 4))))
    (loop $block
      (local.set $least (f32x4.mul (v128.and
        (i32x4.shl (i32x4.extend_low_i16x8_s (v128.load32_zero (local.get $from))) (i32.const 13))
        (local.get $bits))
        (local.get $power)))
      (local.set $scale (i8x16.shuffle 0 1 2 3 0 1 2 3 0 1 2 3 0 1 2 3 (local.get $least) (local.get $least)))
      (local.set $least (i8x16.shuffle 4 5 6 7 4 5 6 7 4 5 6 7 4 5 6 7 (local.get $least) (local.get $least)))
      (local.set $q (v128.and (v128.load offset=4 (local.get $from)) (i8x16.splat (i32.const 15))))
      (local.set $middle (i32.add (local.get $to) (i32.const 64)))
      (loop $half
        (v128.store offset=0 (local.get $to) (f32x4.add (local.get $least) (f32x4.mul (local.get $scale) (f32x4.convert_i32x4_u
          (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $q)))))))
        (v128.store offset=16 (local.get $to) (f32x4.add (local.get $least) (f32x4.mul (local.get $scale) (f32x4.convert_i32x4_u
          (i32x4.extend_high_i16x8_u (i16x8.extend_low_i8x16_u (local.get $q)))))))
        (v128.store offset=32 (local.get $to) (f32x4.add (local.get $least) (f32x4.mul (local.get $scale) (f32x4.convert_i32x4_u
          (i32x4.extend_low_i16x8_u (i16x8.extend_high_i8x16_u (local.get $q)))))))
        (v128.store offset=48 (local.get $to) (f32x4.add (local.get $least) (f32x4.mul (local.get $scale) (f32x4.convert_i32x4_u
          (i32x4.extend_high_i16x8_u (i16x8.extend_high_i8x16_u (local.get $q)))))))
        (local.set $q (i8x16.shr_u (v128.load offset=4 (local.get $from)) (i32.const 4)))
        (local.set $to (i32.add (local.get $to) (i32.const 64)))
        (br_if $half (i32.le_u (local.get $to) (local.get $middle))))
      (local.set $from (i32.add (local.get $from) (i32.const 20)))
      (br_if $block (i32.lt_u (local.get $to) (local.get $end)))))

  ;; Weights to float32: blocks of Q8_0. A block: scale (float16), 32 bytes with a sign.
  (func (export "unpackQ8_0") (param $from i32) (param $to i32) (param $width i32)
    (local $end i32) (local $last i32) (local $scale v128)
    (local $bits v128) (local $power v128)
    (local.set $bits (i32x4.splat (i32.const 0x8FFFE000))) (local.set $power (i32x4.splat (i32.const 0x77800000)))
    (local.set $end (i32.add (local.get $to) (i32.mul (local.get $width) (i32.const 4))))
    (loop $block
      (local.set $scale (f32x4.mul (v128.and
        (i32x4.shl (i32x4.extend_low_i16x8_s (v128.load16_splat (local.get $from))) (i32.const 13))
        (local.get $bits))
        (local.get $power)))
      (local.set $last (i32.add (local.get $from) (i32.const 32)))
      (loop $four
        (v128.store (local.get $to) (f32x4.mul (local.get $scale) (f32x4.convert_i32x4_s
          (i32x4.extend_low_i16x8_s (i16x8.extend_low_i8x16_s (v128.load32_zero offset=2 (local.get $from)))))))
        (local.set $from (i32.add (local.get $from) (i32.const 4)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br_if $four (i32.lt_u (local.get $from) (local.get $last))))
      (local.set $from (i32.add (local.get $from) (i32.const 2)))
      (br_if $block (i32.lt_u (local.get $to) (local.get $end)))))

  ;; Weights to float32: `width` bytes with a sign, a multiple of 8.
  (func (export "unpackI8") (param $from i32) (param $to i32) (param $width i32)
    (local $end i32) (local $q v128)
    (local.set $end (i32.add (local.get $from) (local.get $width)))
    (loop $eight
      (local.set $q (v128.load8x8_s (local.get $from)))
      (v128.store (local.get $to) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $q))))
      (v128.store offset=16 (local.get $to) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $q))))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $to (i32.add (local.get $to) (i32.const 32)))
      (br_if $eight (i32.lt_u (local.get $from) (local.get $end))))))
