;; Weights as files keep them, four numbers at a time (WebAssembly SIMD): float16, and blocks of
;; 4 or 8 bits. They become float32, or one vector is multiplied with them as they are.
;;
;; All addresses are bytes in one memory, which kernel.js owns; `width` counts numbers. plain.js
;; says the same in plain JavaScript, function by function: read it first. products.wat has the
;; products of float32.
;;
;; A float16 has 5 bits of exponent, a float32 has 8. Moved into place (shift by 13, mask), the
;; exponent is too small by 127 - 15 = 112; the product with 2^112, which is 0x77800000 as a
;; float32, is the number. Infinity does not survive this; weights have none.
;;
;; What is constant in a loop is put into a local before it: written inside, V8 would make it anew
;; each time, with three instructions.
(module
  (import "live" "memory" (memory 1))

  ;; The sum of the four lanes.
  (func $sum (param $v v128) (result f32)
    (local.set $v (f32x4.add (local.get $v)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v))))
    (f32.add (f32x4.extract_lane 0 (local.get $v)) (f32x4.extract_lane 1 (local.get $v))))

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

  ;; out = W · x for one position, straight from blocks of Q4_1: nothing is unpacked to memory.
  ;; As four 32-bit lanes, the 16 bytes hold eight numbers a lane. A mask leaves number k of each
  ;; lane where it is, which makes it 16^k times too large; kernel.js has divided that part of x
  ;; by 16^k (exact: a power of two) and put it in this order. Only the topmost is shifted, for it
  ;; would be taken for a sign. After these eight vectors of x comes (0, their sum, 0, their sum):
  ;; the least value of the block times the sum. Two rows go together, so that each vector of x is
  ;; read once for both; `rows` is even.
  (func (export "rowsQ4_1") (param $w i32) (param $rows i32) (param $x i32) (param $width i32) (param $out i32)
    (local $to i32) (local $at i32) (local $end i32) (local $w2 i32) (local $bytes i32)
    (local $pairs v128) (local $q v128) (local $q2 v128) (local $v v128) (local $sum v128) (local $sum2 v128)
    (local $total v128) (local $total2 v128) (local $least v128)
    (local $bits v128) (local $power v128) (local $m0 v128) (local $m1 v128) (local $m2 v128) (local $m3 v128) (local $m4 v128) (local $m5 v128) (local $m6 v128)
    (local.set $bits (i32x4.splat (i32.const 0x8FFFE000))) (local.set $power (i32x4.splat (i32.const 0x77800000)))
    (local.set $m0 (i32x4.splat (i32.const 0xF))) (local.set $m1 (i32x4.splat (i32.const 0xF0)))
    (local.set $m2 (i32x4.splat (i32.const 0xF00))) (local.set $m3 (i32x4.splat (i32.const 0xF000)))
    (local.set $m4 (i32x4.splat (i32.const 0xF0000))) (local.set $m5 (i32x4.splat (i32.const 0xF00000)))
    (local.set $m6 (i32x4.splat (i32.const 0xF000000)))
    (local.set $to (i32.add (local.get $out) (i32.mul (local.get $rows) (i32.const 4))))
    (local.set $bytes (i32.mul (i32.shr_u (local.get $width) (i32.const 5)) (i32.const 20)))
    (local.set $end (i32.add (local.get $x) ;; 36 numbers for a block of 32
      (i32.mul (i32.shr_u (local.get $width) (i32.const 5)) (i32.const 144))))
    (loop $rows2
      (local.set $w2 (i32.add (local.get $w) (local.get $bytes)))
      (local.set $at (local.get $x))
      (local.set $total (v128.const i32x4 0 0 0 0)) (local.set $total2 (v128.const i32x4 0 0 0 0))
      (local.set $least (v128.const i32x4 0 0 0 0))
      (loop $block
        (local.set $pairs (f32x4.mul (v128.and
          (i32x4.shl (i32x4.extend_low_i16x8_s
            (v128.load32_lane 1 (local.get $w2) (v128.load32_zero (local.get $w)))) (i32.const 13))
          (local.get $bits))
          (local.get $power))) ;; scale and least of the one row, scale and least of the other
        (local.set $q (v128.load offset=4 (local.get $w)))
        (local.set $q2 (v128.load offset=4 (local.get $w2)))
        (local.set $v (v128.load (local.get $at)))
        (local.set $sum (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m0)))))
        (local.set $sum2 (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q2) (local.get $m0)))))
        (local.set $v (v128.load offset=16 (local.get $at)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m1))))))
        (local.set $sum2 (f32x4.add (local.get $sum2) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q2) (local.get $m1))))))
        (local.set $v (v128.load offset=32 (local.get $at)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m2))))))
        (local.set $sum2 (f32x4.add (local.get $sum2) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q2) (local.get $m2))))))
        (local.set $v (v128.load offset=48 (local.get $at)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m3))))))
        (local.set $sum2 (f32x4.add (local.get $sum2) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q2) (local.get $m3))))))
        (local.set $v (v128.load offset=64 (local.get $at)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m4))))))
        (local.set $sum2 (f32x4.add (local.get $sum2) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q2) (local.get $m4))))))
        (local.set $v (v128.load offset=80 (local.get $at)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m5))))))
        (local.set $sum2 (f32x4.add (local.get $sum2) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q2) (local.get $m5))))))
        (local.set $v (v128.load offset=96 (local.get $at)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m6))))))
        (local.set $sum2 (f32x4.add (local.get $sum2) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q2) (local.get $m6))))))
        (local.set $v (v128.load offset=112 (local.get $at)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.shr_u (local.get $q) (i32.const 28))))))
        (local.set $sum2 (f32x4.add (local.get $sum2) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.shr_u (local.get $q2) (i32.const 28))))))
        (local.set $total (f32x4.add (local.get $total) (f32x4.mul (local.get $sum)
          (i8x16.shuffle 0 1 2 3 0 1 2 3 0 1 2 3 0 1 2 3 (local.get $pairs) (local.get $pairs)))))
        (local.set $total2 (f32x4.add (local.get $total2) (f32x4.mul (local.get $sum2)
          (i8x16.shuffle 8 9 10 11 8 9 10 11 8 9 10 11 8 9 10 11 (local.get $pairs) (local.get $pairs)))))
        (local.set $least (f32x4.add (local.get $least)
          (f32x4.mul (local.get $pairs) (v128.load offset=128 (local.get $at)))))
        (local.set $w (i32.add (local.get $w) (i32.const 20)))
        (local.set $w2 (i32.add (local.get $w2) (i32.const 20)))
        (local.set $at (i32.add (local.get $at) (i32.const 144)))
        (br_if $block (i32.lt_u (local.get $at) (local.get $end))))
      (f32.store (local.get $out) (f32.add (call $sum (local.get $total)) (f32x4.extract_lane 1 (local.get $least))))
      (f32.store offset=4 (local.get $out) (f32.add (call $sum (local.get $total2)) (f32x4.extract_lane 3 (local.get $least))))
      (local.set $w (local.get $w2))
      (local.set $out (i32.add (local.get $out) (i32.const 8)))
      (br_if $rows2 (i32.lt_u (local.get $out) (local.get $to)))))

  ;; The same from blocks of Q8_0. Here x lies as it is.
  (func (export "rowsQ8_0") (param $w i32) (param $rows i32) (param $x i32) (param $width i32) (param $out i32)
    (local $to i32) (local $at i32) (local $end i32) (local $last i32)
    (local $scale v128) (local $q v128) (local $sum v128) (local $total v128)
    (local $bits v128) (local $power v128)
    (local.set $bits (i32x4.splat (i32.const 0x8FFFE000))) (local.set $power (i32x4.splat (i32.const 0x77800000)))
    (local.set $to (i32.add (local.get $out) (i32.mul (local.get $rows) (i32.const 4))))
    (local.set $end (i32.add (local.get $x) (i32.mul (local.get $width) (i32.const 4))))
    (loop $row
      (local.set $at (local.get $x))
      (local.set $total (v128.const i32x4 0 0 0 0))
      (loop $block
        (local.set $scale (f32x4.mul (v128.and
          (i32x4.shl (i32x4.extend_low_i16x8_s (v128.load16_splat (local.get $w))) (i32.const 13))
          (local.get $bits))
          (local.get $power)))
        (local.set $sum (v128.const i32x4 0 0 0 0))
        (local.set $last (i32.add (local.get $w) (i32.const 32)))
        (loop $sixteen
          (local.set $q (v128.load8x8_s offset=2 (local.get $w)))
          (local.set $sum (f32x4.add (local.get $sum) (f32x4.add
            (f32x4.mul (v128.load (local.get $at)) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $q))))
            (f32x4.mul (v128.load offset=16 (local.get $at)) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $q)))))))
          (local.set $q (v128.load8x8_s offset=10 (local.get $w)))
          (local.set $sum (f32x4.add (local.get $sum) (f32x4.add
            (f32x4.mul (v128.load offset=32 (local.get $at)) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $q))))
            (f32x4.mul (v128.load offset=48 (local.get $at)) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $q)))))))
          (local.set $w (i32.add (local.get $w) (i32.const 16)))
          (local.set $at (i32.add (local.get $at) (i32.const 64)))
          (br_if $sixteen (i32.lt_u (local.get $w) (local.get $last))))
        (local.set $total (f32x4.add (local.get $total) (f32x4.mul (local.get $sum) (local.get $scale))))
        (local.set $w (i32.add (local.get $w) (i32.const 2)))
        (br_if $block (i32.lt_u (local.get $at) (local.get $end))))
      (f32.store (local.get $out) (call $sum (local.get $total)))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (br_if $row (i32.lt_u (local.get $out) (local.get $to))))))
