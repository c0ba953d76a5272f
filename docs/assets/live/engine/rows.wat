;; out = W · x for one position, four numbers at a time (WebAssembly SIMD), straight from blocks of 4 or 8
;; bits: nothing is unpacked to memory.
;;
;; All addresses are bytes in one memory, which kernel.js owns; `width` counts numbers. plain.js says the
;; same in plain JavaScript, function by function: read it first. What blocks are, how a float16 becomes a
;; float32, and why constants are in locals, blocks.wat says.
;;
;; x stays float32. Rounded to 16 bits, as in bytes.wat, it would take a quarter less time to multiply;
;; but SmolLM2's logits would be off by 0.01, and so they are right to 0.00003.
(module
  (import "live" "memory" (memory 1))

  ;; The sum of the four lanes.
  (func $sum (param $v v128) (result f32)
    (local.set $v (f32x4.add (local.get $v)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v))))
    (f32.add (f32x4.extract_lane 0 (local.get $v)) (f32x4.extract_lane 1 (local.get $v))))

  ;; x in the order that rowsQ4_1 wants; see there. Value 4 · lane + byte of a block is in the low half of
  ;; a byte, value 16 + 4 · lane + byte in its high half: so four vectors of four are turned, as rows into
  ;; columns, and column number `byte` of the first half is vector 2 · byte, of the second 2 · byte + 1.
  ;; `room` is where they go, 144 bytes for a block; it is given back.
  (func $arrange (param $x i32) (param $room i32) (param $width i32) (result i32)
    (local $to i32) (local $end i32) (local $half i32) (local $sums v128) (local $powers v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $low v128) (local $high v128)
    (local.set $to (local.get $room))
    (local.set $end (i32.add (local.get $x) (i32.mul (local.get $width) (i32.const 4))))
    (loop $block
      (local.set $sums (v128.const i32x4 0 0 0 0))
      (local.set $powers (v128.const f32x4 1 0x1p-8 0x1p-16 0x1p-24)) ;; 16^0, 16^-2, 16^-4, 16^-6
      (local.set $half (i32.add (local.get $to) (i32.const 16)))
      (loop $sixteen
        (local.set $a (v128.load (local.get $x))) (local.set $b (v128.load offset=16 (local.get $x)))
        (local.set $c (v128.load offset=32 (local.get $x))) (local.set $d (v128.load offset=48 (local.get $x)))
        (local.set $sums (f32x4.add (local.get $sums) (f32x4.add
          (f32x4.add (local.get $a) (local.get $b)) (f32x4.add (local.get $c) (local.get $d)))))
        (local.set $a (f32x4.mul (local.get $a) (local.get $powers))) (local.set $b (f32x4.mul (local.get $b) (local.get $powers)))
        (local.set $c (f32x4.mul (local.get $c) (local.get $powers))) (local.set $d (f32x4.mul (local.get $d) (local.get $powers)))
        (local.set $low (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b)))
        (local.set $high (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d)))
        (v128.store (local.get $to) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $low) (local.get $high)))
        (v128.store offset=32 (local.get $to) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $low) (local.get $high)))
        (local.set $low (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b)))
        (local.set $high (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d)))
        (v128.store offset=64 (local.get $to) (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $low) (local.get $high)))
        (v128.store offset=96 (local.get $to) (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $low) (local.get $high)))
        (local.set $powers (v128.const f32x4 0x1p-4 0x1p-12 0x1p-20 1)) ;; 16^-1, 16^-3, 16^-5; the topmost is shifted
        (local.set $x (i32.add (local.get $x) (i32.const 64)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br_if $sixteen (i32.le_u (local.get $to) (local.get $half))))
      (local.set $sums (f32x4.splat (call $sum (local.get $sums))))
      (v128.store offset=96 (local.get $to) (i8x16.shuffle 0 1 2 3 20 21 22 23 0 1 2 3 20 21 22 23
        (v128.const i32x4 0 0 0 0) (local.get $sums))) ;; 0, sum, 0, sum
      (local.set $to (i32.add (local.get $to) (i32.const 112)))
      (br_if $block (i32.lt_u (local.get $x) (local.get $end))))
    (local.get $room))

  ;; As four 32-bit lanes, the 16 bytes of a block of Q4_1 hold eight numbers a lane. A mask leaves number k
  ;; of each lane where it is, which makes it 16^k times too large; that part of x has been divided by 16^k
  ;; (exact: a power of two). Only the topmost is shifted, for it would be taken for a sign. After these
  ;; eight vectors of x comes (0, their sum, 0, their sum): the least value of the block times the sum. There
  ;; are two sums, of numbers 0, 2, 4, 6 and of the `odd` ones: one alone would wait for each addition.
  (func (export "rowsQ4_1") (param $w i32) (param $rows i32) (param $x i32) (param $width i32) (param $out i32) (param $room i32)
    (local $to i32) (local $at i32) (local $end i32)
    (local $pair v128) (local $q v128) (local $v v128) (local $sum v128) (local $odd v128) (local $total v128) (local $least v128)
    (local $bits v128) (local $power v128) (local $m0 v128) (local $m1 v128) (local $m2 v128) (local $m3 v128) (local $m4 v128) (local $m5 v128) (local $m6 v128)
    (local.set $bits (i32x4.splat (i32.const 0x8FFFE000))) (local.set $power (i32x4.splat (i32.const 0x77800000)))
    (local.set $x (call $arrange (local.get $x) (local.get $room) (local.get $width)))
    (local.set $m0 (i32x4.splat (i32.const 0xF))) (local.set $m1 (i32x4.splat (i32.const 0xF0)))
    (local.set $m2 (i32x4.splat (i32.const 0xF00))) (local.set $m3 (i32x4.splat (i32.const 0xF000)))
    (local.set $m4 (i32x4.splat (i32.const 0xF0000))) (local.set $m5 (i32x4.splat (i32.const 0xF00000)))
    (local.set $m6 (i32x4.splat (i32.const 0xF000000)))
    (local.set $to (i32.add (local.get $out) (i32.mul (local.get $rows) (i32.const 4))))
    (local.set $end (i32.add (local.get $x) ;; 36 numbers for a block of 32
      (i32.mul (i32.shr_u (local.get $width) (i32.const 5)) (i32.const 144))))
    (loop $row
      (local.set $at (local.get $x))
      (local.set $total (v128.const i32x4 0 0 0 0))
      (local.set $least (v128.const i32x4 0 0 0 0))
      (loop $block
        (local.set $pair (f32x4.mul (v128.and
          (i32x4.shl (i32x4.extend_low_i16x8_s
            (v128.load32_zero (local.get $w))) (i32.const 13))
          (local.get $bits))
          (local.get $power))) ;; scale and least
        (local.set $q (v128.load offset=4 (local.get $w)))
        (local.set $v (v128.load (local.get $at)))
        (local.set $sum (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m0)))))
        (local.set $v (v128.load offset=16 (local.get $at)))
        (local.set $odd (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m1)))))
        (local.set $v (v128.load offset=32 (local.get $at)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m2))))))
        (local.set $v (v128.load offset=48 (local.get $at)))
        (local.set $odd (f32x4.add (local.get $odd) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m3))))))
        (local.set $v (v128.load offset=64 (local.get $at)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m4))))))
        (local.set $v (v128.load offset=80 (local.get $at)))
        (local.set $odd (f32x4.add (local.get $odd) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m5))))))
        (local.set $v (v128.load offset=96 (local.get $at)))
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (v128.and (local.get $q) (local.get $m6))))))
        (local.set $v (v128.load offset=112 (local.get $at)))
        (local.set $odd (f32x4.add (local.get $odd) (f32x4.mul (local.get $v) (f32x4.convert_i32x4_s (i32x4.shr_u (local.get $q) (i32.const 28))))))
        (local.set $total (f32x4.add (local.get $total) (f32x4.mul (f32x4.add (local.get $sum) (local.get $odd))
          (i8x16.shuffle 0 1 2 3 0 1 2 3 0 1 2 3 0 1 2 3 (local.get $pair) (local.get $pair)))))
        (local.set $least (f32x4.add (local.get $least)
          (f32x4.mul (local.get $pair) (v128.load offset=128 (local.get $at)))))
        (local.set $w (i32.add (local.get $w) (i32.const 20)))
        (local.set $at (i32.add (local.get $at) (i32.const 144)))
        (br_if $block (i32.lt_u (local.get $at) (local.get $end))))
      (f32.store (local.get $out) (f32.add (call $sum (local.get $total)) (f32x4.extract_lane 1 (local.get $least))))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (br_if $row (i32.lt_u (local.get $out) (local.get $to)))))

  ;; The same from blocks of Q8_0. Here x stays as it is.
  (func (export "rowsQ8_0") (param $w i32) (param $rows i32) (param $x i32) (param $width i32) (param $out i32) (param $room i32)
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
